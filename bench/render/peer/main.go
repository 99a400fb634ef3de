// Measures the same as crates/chart/examples/bench-render.rs with Helm's SDK, in the same form.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

const rounds = 5

type benchCase struct {
	ID          string `json:"id"`
	Chart       string `json:"chart"`
	Values      string `json:"values"`
	Release     string `json:"release"`
	Namespace   string `json:"namespace"`
	KubeVersion string `json:"kube_version"`
	Class       string `json:"class"`
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "cases":
		cases(os.Args[2], false)
	case len(os.Args) == 3 && os.Args[1] == "archives":
		cases(os.Args[2], true)
	case len(os.Args) == 2 && os.Args[1] == "growth":
		growth()
	default:
		fmt.Fprintln(os.Stderr, "usage: peer cases FILE | archives FILE | growth")
		os.Exit(2)
	}
	report(map[string]any{"peak_kib": peakMemory()})
}

func cases(file string, fromArchive bool) {
	archives := map[string][]byte{}
	text := must(os.ReadFile(file))
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c benchCase
		check(json.Unmarshal(lines.Bytes(), &c))
		if c.Class != "deterministic" {
			continue
		}
		if archives[c.Chart] == nil {
			archives[c.Chart] = must(os.ReadFile(filepath.Join(filepath.Dir(file), c.Chart)))
		}
		best := time.Duration(1<<62 - 1)
		for range rounds {
			// A render takes disabled subcharts out of the chart, so each round needs a fresh one.
			var loaded *chart.Chart
			begin := time.Now()
			loaded = must(loader.LoadArchive(bytes.NewReader(archives[c.Chart])))
			if !fromArchive {
				begin = time.Now()
			}
			values := must(common.ReadValues([]byte(c.Values)))
			render(loaded, values, c)
			best = min(best, time.Since(begin))
		}
		report(map[string]any{"id": c.ID, "ms": float64(best.Nanoseconds()) / 1e6})
	}
	check(lines.Err())
}

func growth() {
	template := "{{ range $i := until (int .Values.objects) }}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ $.Release.Name }}-{{ $i }}\n  labels:\n    {{- include \"labels\" $ | nindent 4 }}\ndata:\n  {{- toYaml (dict \"index\" (toString $i) \"text\" (repeat 20 \"word \")) | nindent 2 }}\n{{ end }}"
	labels := "{{ define \"labels\" }}app: {{ .Chart.Name }}\nrelease: {{ .Release.Name | quote }}{{ end }}"
	c := benchCase{Release: "rel", Namespace: "ns", KubeVersion: "v1.36.0"}
	for _, objects := range []int{10, 100, 1000, 10000} {
		best := time.Duration(1<<62 - 1)
		for range rounds {
			loaded := &chart.Chart{
				Metadata: &chart.Metadata{APIVersion: "v2", Name: "growing", Version: "1.0.0"},
				Templates: []*common.File{
					{Name: "templates/objects.yaml", Data: []byte(template)},
					{Name: "templates/_labels.tpl", Data: []byte(labels)},
				},
			}
			begin := time.Now()
			render(loaded, map[string]any{"objects": float64(objects)}, c)
			best = min(best, time.Since(begin))
		}
		report(map[string]any{"id": fmt.Sprint(objects), "ms": float64(best.Nanoseconds()) / 1e6})
	}
}

// What `helm template` does between loading the chart and printing.
func render(loaded *chart.Chart, values map[string]any, c benchCase) int {
	check(chartutil.ProcessDependencies(loaded, values))
	caps := common.DefaultCapabilities.Copy()
	version := must(common.ParseKubeVersion(c.KubeVersion))
	caps.KubeVersion = *version
	options := common.ReleaseOptions{Name: c.Release, Namespace: c.Namespace, Revision: 1, IsInstall: true}
	top := must(util.ToRenderValuesWithSchemaValidation(loaded, values, options, caps, false))
	files := must(engine.Engine{}.Render(loaded, top))
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	_, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	check(err)
	var out bytes.Buffer
	for _, manifest := range manifests {
		fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	return out.Len()
}

func peakMemory() int {
	for _, line := range strings.Split(string(must(os.ReadFile("/proc/self/status"))), "\n") {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			var kib int
			must(fmt.Sscan(rest, &kib))
			return kib
		}
	}
	return 0
}

func report(line map[string]any) {
	fmt.Println(string(must(json.Marshal(line))))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
