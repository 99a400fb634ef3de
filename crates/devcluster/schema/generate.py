#!/usr/bin/env python3
"""Writes the schema tables of the embedded API server.

Sources, all of one Kubernetes release (Apache-2.0):
  * api/openapi-spec/v3/*.json of k8s.io/kubernetes: properties, list and map types, merge keys, descriptions;
  * types*.go of k8s.io/api and its siblings: what OpenAPI does not say, i.e. pointers, omitempty, Go type
    names (error texts) and protobuf field numbers.

Get the sources with Go and run:
  go mod download k8s.io/kubernetes@v1.37.2 k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 \
      k8s.io/apiextensions-apiserver@v0.37.2 k8s.io/kube-aggregator@v0.37.2
  python3 generate.py [--mod-cache "$(go env GOMODCACHE)"]

Output, beside this file (raw deflate of text, read by src/schema/table.rs and src/schema/docs.rs):
  types.zz  the type graph, one line a type or field; the format is described in src/schema/table.rs
  docs.zz   the descriptions, in the same order
"""
import argparse, glob, json, os, re, subprocess, zlib

KUBE, API = "v1.37.2", "v0.37.2"
HERE = os.path.dirname(os.path.abspath(__file__))

# Go package -> prefix of its OpenAPI names.
PACKAGES = {
    "k8s.io/apimachinery/pkg/apis/meta/v1": "io.k8s.apimachinery.pkg.apis.meta.v1",
    "k8s.io/apimachinery/pkg/runtime": "io.k8s.apimachinery.pkg.runtime",
    "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
    "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1": "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1",
}
# Types with a JSON form of their own -> scalar code.
SPECIAL = {
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Duration": "duration",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}
BASIC = {"string": "string", "bool": "bool", "int": "int64", "int8": "int32", "int32": "int32", "int64": "int64",
         "uint8": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64",
         "float32": "float", "float64": "float"}


class GoPackage:
    """Declarations of one Go package: structs with their fields, and named types of other kinds."""

    def __init__(self, path, directory):
        self.path, self.short = path, path.rsplit("/", 1)[1]
        self.structs, self.named = {}, {}
        for file in sorted(glob.glob(directory + "/*.go")):
            base = os.path.basename(file)
            if base.startswith("zz_") or base.startswith("generated") or base.endswith("_test.go"):
                continue
            self.read(open(file, encoding="utf-8").read())

    def read(self, text):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        imports = {}
        for block in re.findall(r"^import \((.*?)^\)", text, flags=re.S | re.M) + re.findall(r"^import (.*)$", text, flags=re.M):
            for alias, path in re.findall(r'^\s*(\w+)?\s*"([^"]+)"', block, flags=re.M):
                imports[alias or path.rsplit("/", 1)[-1]] = path
        lines = [re.sub(r"^\s*//.*$", "", l) for l in text.split("\n")]
        i = 0
        while i < len(lines):
            m = re.match(r"type (\w+) struct\s*\{\s*(\})?", lines[i])
            if m:
                fields = []
                i += 1
                while not m.group(2) and not lines[i].startswith("}"):
                    f = re.match(r"\s+(?:(\w+)\s+)?([\w.\[\]*]+)\s+`([^`]*)`", lines[i])
                    if f:
                        fields.append((f.group(1), self.qualify(f.group(2), imports), tags(f.group(3))))
                    i += 1
                self.structs[m.group(1)] = fields
            else:
                m = re.match(r"type (\w+) (?:= )?([\w.\[\]*]+)\s*(//.*)?$", lines[i])
                if m and m.group(2) not in ("interface", "struct"):
                    self.named[m.group(1)] = self.qualify(m.group(2), imports)
            i += 1

    def qualify(self, expr, imports):
        """A Go type expression as nested tuples with full package paths."""
        if expr.startswith("*"):
            return ("ptr", self.qualify(expr[1:], imports))
        if expr.startswith("[]"):
            return ("list", self.qualify(expr[2:], imports))
        m = re.match(r"map\[([\w.]+)\](.*)", expr)
        if m:
            return ("map", self.qualify(m.group(1), imports), self.qualify(m.group(2), imports))
        if expr in BASIC or expr in ("byte", "any"):
            return ("basic", expr)
        if "." in expr:
            pkg, name = expr.split(".")
            return ("named", imports.get(pkg, pkg), name)
        return ("named", self.path, expr)


def tags(raw):
    return dict(re.findall(r'(\w+):"((?:[^"\\]|\\.)*)"', raw))


class Generator:
    def __init__(self, cache):
        self.cache, self.packages = cache, {}
        self.schemas = {}
        for f in sorted(glob.glob(f"{cache}/k8s.io/kubernetes@{KUBE}/api/openapi-spec/v3/*.json")):
            for k, v in json.load(open(f)).get("components", {}).get("schemas", {}).items():
                old = self.schemas.setdefault(k, v)
                gvks = old.get("x-kubernetes-group-version-kind", [])
                for g in v.get("x-kubernetes-group-version-kind", []):
                    if g not in gvks:
                        gvks.append(g)
        self.types, self.order = {}, []

    def package(self, path):
        if path not in self.packages:
            module, rest = "/".join(path.split("/")[:2]), "/".join(path.split("/")[2:])
            self.packages[path] = GoPackage(path, f"{self.cache}/{module}@{API}/{rest}")
        return self.packages[path]

    def openapi_name(self, path, name):
        if path in PACKAGES:
            return PACKAGES[path] + "." + name
        m = re.match(r"k8s\.io/api/(.*)", path)
        if m:
            return "io.k8s.api." + m.group(1).replace("/", ".") + "." + name
        return None

    def resolve(self, go):
        """-> (type code, Go name for messages): codes are scalar names, @type, []code, {}code."""
        kind = go[0]
        if kind == "ptr":
            return self.resolve(go[1])
        if kind == "list":
            if go[1] == ("basic", "byte"):
                return "bytes", "[]uint8"
            code, name = self.resolve(go[1])
            return "[]" + code, "[]" + ("*" if go[1][0] == "ptr" else "") + name
        if kind == "map":
            _, key = self.resolve(go[1])
            code, name = self.resolve(go[2])
            return "{}" + code, f"map[{key}]{name}"
        if kind == "basic":
            return ("any", "interface {}") if go[1] == "any" else (BASIC[go[1]], go[1])
        path, name = go[1], go[2]
        short = f"{path.rsplit('/', 1)[1]}.{name}"
        if path == "k8s.io/apimachinery/pkg/api/resource":
            return "quantity", short
        if path == "k8s.io/apimachinery/pkg/util/intstr":
            return "intorstring", short
        if path == "k8s.io/apimachinery/pkg/types":
            return "string", short
        full = self.openapi_name(path, name)
        if full in SPECIAL:
            return SPECIAL[full], short
        package = self.package(path)
        if name in package.named:
            target = package.named[name]
            code, inner = self.resolve(target)
            if target[0] == "named" and code.startswith("@"):
                return code, inner
            return code, short
        self.add(full, path, name)
        return "@" + full, short

    def add(self, full, path, name):
        if full in self.types:
            return
        entry = {"go": f"{path.rsplit('/', 1)[1]}.{name}", "fields": []}
        self.types[full] = entry
        self.order.append(full)
        schema = self.schemas.get(full)
        entry["schema"] = schema
        for field, go, tag in self.package(path).structs[name]:
            js = tag.get("json", "").split(",")
            if js[0] == "-" or tag.get("json") is None:
                continue
            code, goname = self.resolve(go)
            inline = js[0] == ""
            if inline and code.endswith(".TypeMeta"):
                entry["typemeta"] = True
                continue
            if inline and code.endswith(".ListMeta"):
                continue
            flags = ""
            if go[0] == "ptr": flags += "p"
            if "omitempty" in js[1:]: flags += "e"
            if "omitzero" in js[1:]: flags += "z"
            if inline: flags += "i"
            pb = tag.get("protobuf", "").split(",")
            number = int(pb[1]) if len(pb) > 1 and pb[1].isdigit() else 0
            proto = (pb[0][0] if number else "-") + str(number)
            entry["fields"].append((js[0] or (field or go[-1]), code, flags, goname, proto))

    def described(self, full):
        """The OpenAPI schema with a type's fields: of an inlined type, that of the type around it."""
        if full in self.schemas:
            return self.schemas[full]
        for outer, t in self.types.items():
            if any("i" in flags and code == "@" + full for _, code, flags, _, _ in t["fields"]):
                return self.described(outer)
        return {}

    def attributes(self, full, prop):
        """SSA, patch and OpenAPI attributes of a property, as key=value pieces."""
        schema = self.described(full)
        p = schema.get("properties", {}).get(prop, {})
        out = []
        if prop in schema.get("required", []): out.append("r")
        if "x-kubernetes-list-type" in p: out.append("lt=" + p["x-kubernetes-list-type"])
        if "x-kubernetes-list-map-keys" in p: out.append("lk=" + "+".join(p["x-kubernetes-list-map-keys"]))
        if "x-kubernetes-map-type" in p: out.append("mt=" + p["x-kubernetes-map-type"])
        if "x-kubernetes-patch-strategy" in p: out.append("ps=" + p["x-kubernetes-patch-strategy"].replace(",", "+"))
        if "x-kubernetes-patch-merge-key" in p: out.append("pk=" + p["x-kubernetes-patch-merge-key"])
        default = p.get("default")
        if default not in (None, {}, "", 0, False): out.append("d=" + json.dumps(default))
        if default in ({}, "", 0, False) and default is not None: out.append("d0")
        return out

    def served(self, schema):
        gvks = schema.get("x-kubernetes-group-version-kind", [])
        return any(re.fullmatch(r"v\d+", g["version"]) and g["group"] != "internal.apiserver.k8s.io" for g in gvks)

    def run(self):
        for full, schema in sorted(self.schemas.items()):
            if not self.served(schema):
                continue
            base, name = full.rsplit(".", 1)
            path = next((k for k, v in PACKAGES.items() if v == base), None)
            if path is None and base.startswith("io.k8s.api."):
                path = "k8s.io/api/" + base[len("io.k8s.api."):].replace(".", "/")
            if path is None:
                continue
            self.add(full, path, name)
        lines, docs = [], []
        for full in sorted(self.order):
            t = self.types[full]
            schema = t["schema"] or {}
            attrs = []
            if t["schema"] is None: attrs.append("hidden")
            if t.get("typemeta"): attrs.append("tm")
            if "x-kubernetes-map-type" in schema: attrs.append("mt=" + schema["x-kubernetes-map-type"])
            for g in schema.get("x-kubernetes-group-version-kind", []):
                if len(schema["x-kubernetes-group-version-kind"]) == 1:
                    attrs.append(f"gvk={g['group']}/{g['version']}/{g['kind']}")
            lines.append("\t".join(["T", full, t["go"]] + attrs))
            docs.append("T" + schema.get("description", "").replace("\\", "\\\\").replace("\n", "\\n"))
            for name, code, flags, goname, proto in t["fields"]:
                lines.append("\t".join(["F", name, code, flags, goname, proto] + self.attributes(full, name)))
                text = self.described(full).get("properties", {}).get(name, {}).get("description", "")
                docs.append("F" + text.replace("\\", "\\\\").replace("\n", "\\n"))
        self.write("types.zz", lines)
        self.write("docs.zz", docs)
        self.check()

    def check(self):
        """Every property of OpenAPI must be there."""
        for full, t in self.types.items():
            if not t["schema"]:
                continue
            have = set()
            def collect(name):
                for field, code, flags, _, _ in self.types[name]["fields"]:
                    if "i" in flags: collect(code[1:])
                    else: have.add(field)
            collect(full)
            want = set(t["schema"].get("properties", {})) - {"kind", "apiVersion"}
            if want - have or have - want - {"kind", "apiVersion"}:
                print("differs from OpenAPI:", full, "missing", sorted(want - have), "more", sorted(have - want))

    def write(self, name, lines):
        text = "\n".join(lines) + "\n"
        c = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = c.compress(text.encode()) + c.flush()
        with open(os.path.join(HERE, name), "wb") as f:
            f.write(data)
        print(name, len(lines), "lines", len(text), "bytes,", len(data), "compressed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mod-cache", default=None)
    args = parser.parse_args()
    cache = args.mod_cache or subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip()
    Generator(cache).run()
