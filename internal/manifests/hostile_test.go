package manifests_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"

func TestHostileFilesGetAClearAnswer(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d]\n", i+1, i+1, i)
	}
	for name, test := range map[string]struct {
		data string
		want string
	}{
		"empty":              {"", "the file holds no objects"},
		"comments only":      {"# nothing\n---\n# here\n", "the file holds no objects"},
		"empty documents":    {"---\n---\n\n---\nnull\n", "the file holds no objects"},
		"binary":             {"\x7fELF\x02\x01\x00\x00", "x.yaml:1:1: this is not UTF-8 text"},
		"NUL in line 2":      {"a: b\nc: \x00", "x.yaml:2:4: this is not UTF-8 text"},
		"latin-1":            {"name: caf\xe9", "x.yaml:1:10: this is not UTF-8 text"},
		"UTF-16":             {"\xff\xfea\x00", "x.yaml:1:1: this is not UTF-8 text"},
		"a 100 MB line":      {strings.Repeat("a", 100<<20), "the file is larger than 8 MiB"},
		"a 2 MB document":    {service + "# " + strings.Repeat("a", 2<<20), "x.yaml:1:1: this document is larger than 1.5 MiB"},
		"alias bomb":         {bomb, "more than 400000 values once its aliases are written out"},
		"alias of itself":    {"a: &a [*a]", "x.yaml:1:8: *a contains itself"},
		"alias of nothing":   {"a: *b", "unknown anchor"},
		"deep flow":          {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "values nest more than 100 deep"},
		"deeper than parser": {strings.Repeat("[", 50000), "this is not YAML"},
		"deep block":         {strings.Repeat("- ", 5000) + "x", "values nest more than 100 deep"},
		"tab":                {"apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n", "x.yaml:4:1: a tab indents this line"},
		"text":               {"hello", "want a Kubernetes object"},
		"unfinished quote":   {"a: \"b\n\nc", "this is not YAML"},
		"strange tag":        {service + "spec: {type: !!binary aGk=}", "x.yaml:4:14: the tag !!binary means nothing here"},
		"infinite":           {service + "spec: {healthCheckNodePort: .inf}", ".inf is not a number that can be used"},
		"map as a key":       {service + "? {a: b}\n: c", "a field's name must be text"},
		"null in a map":      {"apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {b: }}", "metadata.labels.b has no value"},
		"no name":            {"apiVersion: v1\nkind: Service\nmetadata: {}", "x.yaml:3:1: Service has no name"},
		"number as a name":   {"apiVersion: v1\nkind: Service\nmetadata: {name: 12}", "metadata.name: want text, got the number 12"},
		"twice":              {service + "---\n" + service, "x.yaml:7:12: Service default/a is in this file twice; the first begins in line 1"},
		"list without items": {"apiVersion: v1\nkind: List\n", "a List needs items"},
		"list in a list":     {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: []", "List has no name"},
		"gateway duration":   {"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {rules: [{timeouts: {request: 1.5s}}]}", "x.yaml:4:37: spec.rules[0].timeouts.request: want a duration"},
		"merge of text":      {service + "<<: x", "<< must bring in a map"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, found := manifests.Decode("x.yaml", []byte(test.data))
			assert.Contains(t, found.Error(), test.want)
			assert.Error(t, found.Err())
			assert.LessOrEqual(t, len(objects), 1)
		})
	}
}

func TestFormsThatPeopleWrite(t *testing.T) {
	for name, data := range map[string]string{
		"CRLF":       strings.ReplaceAll(service, "\n", "\r\n"),
		"BOM":        "\xef\xbb\xbf" + service,
		"JSON":       `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}`,
		"List":       "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n",
		"directive":  "%YAML 1.2\n---\n" + service + "...\n",
		"one merge":  "apiVersion: v1\nkind: Service\nmetadata: {<<: &m {labels: {b: c}}, name: a}\n",
		"two merges": "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: &l {b: c}}\nspec: {selector: {<<: [*l, {b: x}]}}",
		"status":     service + "status: {anything: {goes: here}}",
		"old yes":    service + "spec: {publishNotReadyAddresses: yes}",
	} {
		t.Run(name, func(t *testing.T) {
			objects, found := manifests.Decode("x.yaml", []byte(data))
			assert.Empty(t, found)
			require.Len(t, objects, 1)
			assert.Equal(t, "Service default/a", objects[0].String())
		})
	}
}

func TestAMistakeOfSyntaxHidesNoOtherDocument(t *testing.T) {
	objects, found := manifests.Decode("x.yaml", []byte("a: [\n---\r\n"+service+"--- # more\nb: }\n"))
	assert.Len(t, objects, 1)
	assert.Len(t, found, 2)
	assert.Equal(t, 3, objects[0].Line)
}

func TestProblemsAreBounded(t *testing.T) {
	data := service + "spec:\n"
	for i := range 5000 {
		data += fmt.Sprintf("  unknown%d: x\n", i)
	}
	_, found := manifests.Decode("x.yaml", []byte(data))
	assert.Len(t, found, 101)
	assert.Contains(t, found.Error(), "more than 100 mistakes")
}

// What two documents of the greatest size may cost: the worst of these forms was
// measured at 1 GiB allocated in all, most of it by the parser and garbage at
// once. What is pinned is that the cost grows with the size, and not with what
// the form makes of it.
func TestMemoryIsBounded(t *testing.T) {
	for name, unit := range map[string]string{"flow": "1,", "dashes": "- a\n", "comments": "#\n", "comments between": "- a\n#\n#\n", "comments after": "- #\n", "keys": "a: \n", "anchors": "- &a b\n"} {
		t.Run(name, func(t *testing.T) {
			document := "---\n"
			if name == "comments" {
				document += "a: b\n"
			}
			if name == "flow" {
				document += "["
			}
			document += strings.Repeat(unit, (3<<19-10)/len(unit))
			data := []byte(strings.Repeat(document+"\n", 2))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			manifests.Decode("x.yaml", data)
			runtime.ReadMemStats(&after)
			t.Logf("%d MiB allocated", (after.TotalAlloc-before.TotalAlloc)>>20)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3<<29))
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"testdata/mistakes.yaml"} {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
		for _, document := range bytes.Split(data, []byte("---\n")) {
			f.Add(document)
		}
	}
	f.Add([]byte(reviews))
	f.Add([]byte("a: &a {b: *a}\n<<: [*a, *a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, found := manifests.Decode("x.yaml", data)
		for _, p := range found {
			if p.Line < 0 || p.Column < 0 || p.Line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+
				bytes.Count(data, []byte("\u2028"))+bytes.Count(data, []byte("\u2029"))+bytes.Count(data, []byte("\u0085")) {
				t.Errorf("no such place: %s", p)
			}
		}
		for _, o := range objects {
			o.Position("spec.http[0].route[0].weight")
			// What was read must be readable again from its JSON.
			if again, problems := manifests.Decode("x.json", o.JSON()); len(again) != 1 || problems.Err() != nil {
				t.Errorf("%s does not survive: %s", o.JSON(), problems)
			}
		}
	})
}
