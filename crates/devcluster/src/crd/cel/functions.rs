//! Signatures of all functions and operators that rules may use: CEL's standard library and Kubernetes' additions.

use std::collections::HashMap;
use std::rc::Rc;

use super::types::Ty;

/// One overload.
#[derive(Debug)]
pub(super) struct Overload {
    /// Whether the first argument is a receiver: `a.f(b)`.
    pub(super) member: bool,
    pub(super) args: Vec<Ty>,
    pub(super) result: Ty,
}

/// `name(types) result`, or `receiver.name(types) result`; A and B are any types. Names in the second form that are
/// namespaced functions (`sets.contains`) are written with `::`.
const SIGNATURES: &str = "
_==_(A,A) bool
_!=_(A,A) bool
_&&_(bool,bool) bool
_||_(bool,bool) bool
!_(bool) bool
-_(int) int
-_(double) double
_?_:_(bool,A,A) A
_[_](list<A>,int) A
_[_](map<A,B>,A) B
_[_](optional<list<A>>,int) optional<A>
_[_](optional<map<A,B>>,A) optional<B>
_[?_](list<A>,int) optional<A>
_[?_](map<A,B>,A) optional<B>
_[?_](optional<list<A>>,int) optional<A>
_[?_](optional<map<A,B>>,A) optional<B>
@in(A,list<A>) bool
@in(A,map<A,B>) bool
@not_strictly_false(bool) bool
@indices(list<A>) list<int>
@indices(map<A,B>) list<A>
_+_(int,int) int
_+_(uint,uint) uint
_+_(double,double) double
_+_(string,string) string
_+_(bytes,bytes) bytes
_+_(list<A>,list<A>) list<A>
_+_(duration,duration) duration
_+_(timestamp,duration) timestamp
_+_(duration,timestamp) timestamp
_-_(int,int) int
_-_(uint,uint) uint
_-_(double,double) double
_-_(duration,duration) duration
_-_(timestamp,duration) timestamp
_-_(timestamp,timestamp) duration
_*_(int,int) int
_*_(uint,uint) uint
_*_(double,double) double
_/_(int,int) int
_/_(uint,uint) uint
_/_(double,double) double
_%_(int,int) int
_%_(uint,uint) uint
size(string) int
size(bytes) int
size(list<A>) int
size(map<A,B>) int
string.size() int
bytes.size() int
list<A>.size() int
map<A,B>.size() int
int(int) int
int(uint) int
int(double) int
int(string) int
int(timestamp) int
uint(uint) uint
uint(int) uint
uint(double) uint
uint(string) uint
double(double) double
double(int) double
double(uint) double
double(string) double
bool(bool) bool
bool(string) bool
string(string) string
string(bool) string
string(int) string
string(uint) string
string(double) string
string(bytes) string
string(duration) string
string(timestamp) string
bytes(bytes) bytes
bytes(string) bytes
duration(duration) duration
duration(string) duration
timestamp(timestamp) timestamp
timestamp(string) timestamp
timestamp(int) timestamp
dyn(A) dyn
type(A) type
matches(string,string) bool
string.matches(string) bool
string.contains(string) bool
string.startsWith(string) bool
string.endsWith(string) bool
timestamp.getFullYear() int
timestamp.getFullYear(string) int
timestamp.getMonth() int
timestamp.getMonth(string) int
timestamp.getDate() int
timestamp.getDate(string) int
timestamp.getDayOfMonth() int
timestamp.getDayOfMonth(string) int
timestamp.getDayOfWeek() int
timestamp.getDayOfWeek(string) int
timestamp.getDayOfYear() int
timestamp.getDayOfYear(string) int
timestamp.getHours() int
timestamp.getHours(string) int
timestamp.getMinutes() int
timestamp.getMinutes(string) int
timestamp.getSeconds() int
timestamp.getSeconds(string) int
timestamp.getMilliseconds() int
timestamp.getMilliseconds(string) int
duration.getHours() int
duration.getMinutes() int
duration.getSeconds() int
duration.getMilliseconds() int
string.charAt(int) string
string.indexOf(string) int
string.indexOf(string,int) int
string.lastIndexOf(string) int
string.lastIndexOf(string,int) int
string.lowerAscii() string
string.upperAscii() string
string.replace(string,string) string
string.replace(string,string,int) string
string.split(string) list<string>
string.split(string,int) list<string>
string.substring(int) string
string.substring(int,int) string
string.trim() string
string.reverse() string
string.format(list<dyn>) string
list<string>.join() string
list<string>.join(string) string
string.find(string) string
string.findAll(string) list<string>
string.findAll(string,int) list<string>
list<A>.isSorted() bool
list<A>.sum() A
list<A>.min() A
list<A>.max() A
list<A>.indexOf(A) int
list<A>.lastIndexOf(A) int
list<A>.includes(A) bool
list<A>.slice(int,int) list<A>
list<A>.flatten() list<dyn>
list<A>.reverse() list<A>
list<A>.sort() list<A>
list<A>.distinct() list<A>
list<A>.first() optional<A>
list<A>.last() optional<A>
sets::contains(list<A>,list<A>) bool
sets::equivalent(list<A>,list<A>) bool
sets::intersects(list<A>,list<A>) bool
math::greatest(dyn) dyn
math::greatest(dyn,dyn) dyn
math::greatest(dyn,dyn,dyn) dyn
math::least(dyn) dyn
math::least(dyn,dyn) dyn
math::least(dyn,dyn,dyn) dyn
math::abs(A) A
math::ceil(double) double
math::floor(double) double
math::round(double) double
math::trunc(double) double
math::sign(A) A
math::isNaN(double) bool
math::isInf(double) bool
math::isFinite(double) bool
base64::encode(bytes) string
base64::decode(string) bytes
optional::of(A) optional<A>
optional::ofNonZeroValue(A) optional<A>
optional::none() optional<free>
optional<A>.hasValue() bool
optional<A>.value() A
optional<A>.or(optional<A>) optional<A>
optional<A>.orValue(A) A
isURL(string) bool
url(string) URL
URL.getScheme() string
URL.getHost() string
URL.getHostname() string
URL.getPort() string
URL.getEscapedPath() string
URL.getQuery() map<string,list<string>>
isIP(string) bool
ip(string) IP
ip::isCanonical(string) bool
IP.family() int
IP.isUnspecified() bool
IP.isLoopback() bool
IP.isLinkLocalMulticast() bool
IP.isLinkLocalUnicast() bool
IP.isGlobalUnicast() bool
string(IP) string
isCIDR(string) bool
cidr(string) CIDR
CIDR.containsIP(string) bool
CIDR.containsIP(IP) bool
CIDR.containsCIDR(string) bool
CIDR.containsCIDR(CIDR) bool
CIDR.ip() IP
CIDR.masked() CIDR
CIDR.prefixLength() int
string(CIDR) string
isQuantity(string) bool
quantity(string) Quantity
Quantity.sign() int
Quantity.isInteger() bool
Quantity.asInteger() int
Quantity.asApproximateFloat() double
Quantity.add(Quantity) Quantity
Quantity.add(int) Quantity
Quantity.sub(Quantity) Quantity
Quantity.sub(int) Quantity
Quantity.isGreaterThan(Quantity) bool
Quantity.isLessThan(Quantity) bool
Quantity.compareTo(Quantity) int
isSemver(string) bool
isSemver(string,bool) bool
semver(string) Semver
semver(string,bool) Semver
Semver.major() int
Semver.minor() int
Semver.patch() int
Semver.isGreaterThan(Semver) bool
Semver.isLessThan(Semver) bool
Semver.compareTo(Semver) int
format::named(string) optional<Format>
format::dns1123Label() Format
format::dns1123Subdomain() Format
format::dns1035Label() Format
format::qualifiedName() Format
format::dns1123LabelPrefix() Format
format::dns1123SubdomainPrefix() Format
format::dns1035LabelPrefix() Format
format::labelValue() Format
format::uri() Format
format::uuid() Format
format::byte() Format
format::date() Format
format::datetime() Format
Format.validate(string) optional<list<string>>
jsonpatch::escapeKey(string) string
";

const ORDERED: [&str; 8] = ["bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp"];
const NUMERIC: [&str; 3] = ["int", "uint", "double"];

/// All overloads by name.
pub(super) struct Functions(HashMap<String, Vec<Overload>>);

impl Functions {
    /// Reads the table. Types are not `Sync`: one table per check, a fraction of a millisecond.
    pub(super) fn new() -> Self {
        let mut functions = Self(HashMap::new());
        for line in SIGNATURES.lines() {
            functions.declare(line);
        }
        for operator in ["_<_", "_<=_", "_>_", "_>=_"] {
            for ty in ORDERED {
                functions.declare(&format!("{operator}({ty},{ty}) bool"));
            }
            for a in NUMERIC {
                for b in NUMERIC.iter().filter(|b| **b != a) {
                    functions.declare(&format!("{operator}({a},{b}) bool"));
                }
            }
        }
        functions
    }

    fn declare(&mut self, line: &str) {
        let Some((head, result)) = line.rsplit_once(") ") else { return };
        let Some((name, args)) = head.rsplit_once('(') else { return };
        let (receiver, name) = match name.rsplit_once('.') {
            Some((receiver, name)) if name.chars().all(char::is_alphanumeric) => (Some(receiver), name),
            _ => (None, name),
        };
        let mut all = Vec::new();
        all.extend(receiver.map(parse));
        all.extend(split(args).into_iter().map(parse));
        let overload = Overload { member: receiver.is_some(), args: all, result: parse(result) };
        self.0.entry(name.replace("::", ".")).or_default().push(overload);
    }

    pub(super) fn get(&self, name: &str) -> Option<&[Overload]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// Splits at commas outside of angle brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

fn parse(text: &str) -> Ty {
    if let Some((outer, inner)) = text.strip_suffix('>').and_then(|t| t.split_once('<')) {
        let mut inner = split(inner).into_iter().map(|t| Rc::new(parse(t)));
        let mut next = || inner.next().unwrap_or_else(|| Rc::new(Ty::Dyn));
        return match outer {
            "list" => Ty::List(next()),
            "map" => Ty::Map(next(), next()),
            _ => Ty::Optional(next()),
        };
    }
    match text {
        "A" => Ty::Param(0),
        "B" => Ty::Param(1),
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "uint" => Ty::Uint,
        "double" => Ty::Double,
        "string" => Ty::String,
        "bytes" => Ty::Bytes,
        "duration" => Ty::Duration,
        "timestamp" => Ty::Timestamp,
        "type" => Ty::Type,
        "free" => Ty::Free,
        "URL" => Ty::Opaque("kubernetes.URL"),
        "IP" => Ty::Opaque("net.IP"),
        "CIDR" => Ty::Opaque("net.CIDR"),
        "Quantity" => Ty::Opaque("kubernetes.Quantity"),
        "Semver" => Ty::Opaque("kubernetes.Semver"),
        "Format" => Ty::Opaque("kubernetes.NamedFormat"),
        _ => Ty::Dyn,
    }
}
