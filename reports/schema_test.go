package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/splitcheck/splitcheck/split"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const schemaFile = "../docs/report.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile(schemaFile)
	require.NoError(t, err)
	return s
}

func asJSON(t *testing.T, r *reports.Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.JSON(&b, r))
	return b.String()
}

func TestJSONFollowsTheSchema(t *testing.T) {
	s := schema(t)
	for name, r := range reportstest.Documents() {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(asJSON(t, r)))
		require.NoError(t, err)
		assert.NoError(t, s.Validate(value), name)
	}
}

func TestSchemaRefusesWhatIsNoReport(t *testing.T) {
	s := schema(t)
	whole := asJSON(t, reportstest.Full())
	for name, change := range map[string]func(map[string]any){
		"another schema":    func(r map[string]any) { r["schema"] = "splitcheck.dev/report/v2" },
		"unknown verdict":   func(r map[string]any) { r["verdict"] = "green" },
		"unknown field":     func(r map[string]any) { r["score"] = 3 },
		"no target":         func(r map[string]any) { delete(r, "target") },
		"a count of 1.5":    func(r map[string]any) { firstCheck(r)["requests"] = 1.5 },
		"a share of 2":      func(r map[string]any) { first(firstCheck(r), "versions")["share"] = 2 },
		"no gates":          func(r map[string]any) { delete(firstCheck(r), "gates") },
		"an unknown gate":   func(r map[string]any) { first(firstCheck(r), "gates")["name"] = "luck" },
		"a line 0":          func(r map[string]any) { firstCheck(r)["source"].(map[string]any)["line"] = 0 },
		"a status of 7":     func(r map[string]any) { firstCheck(r)["error_statuses"] = map[string]any{"7": 1.0} },
		"a moment of words": func(r map[string]any) { r["started"] = "yesterday" },
	} {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(whole), &r))
		require.NoError(t, s.Validate(r))
		change(r)
		assert.Error(t, s.Validate(r), name)
	}
}

func first(check map[string]any, list string) map[string]any {
	return check[list].([]any)[0].(map[string]any)
}

func firstCheck(r map[string]any) map[string]any {
	return first(first(first(r, "scenarios"), "steps"), "checks")
}

type object = map[string]any

// TestSchemaAndGoNameTheSameFields walks the Go types beside the schema: every
// field is in it and described, and nothing else is.
func TestSchemaAndGoNameTheSameFields(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	var root object
	require.NoError(t, json.Unmarshal(data, &root))
	definitions := root["$defs"].(object)
	seen := map[reflect.Type]bool{}
	var walk func(t *testing.T, goType reflect.Type, node object)
	walk = func(t *testing.T, goType reflect.Type, node object) {
		if ref, ok := node["$ref"].(string); ok {
			node = definitions[strings.TrimPrefix(ref, "#/$defs/")].(object)
		}
		switch goType.Kind() {
		case reflect.Pointer:
			walk(t, goType.Elem(), node)
			return
		case reflect.Slice:
			assert.Equal(t, "array", node["type"], goType)
			walk(t, goType.Elem(), node["items"].(object))
			return
		case reflect.Struct:
		default:
			return
		}
		if goType == reflect.TypeFor[reports.Number]() || goType == reflect.TypeFor[time.Time]() || seen[goType] {
			return
		}
		seen[goType] = true
		if goType == reflect.TypeFor[split.Finding]() {
			return // its values differ from id to id
		}
		assert.NotEmpty(t, node["description"], goType)
		assert.Equal(t, false, node["additionalProperties"], goType)
		properties := node["properties"].(object)
		var names []string
		for i := range goType.NumField() {
			field := goType.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			names = append(names, name)
			property, ok := properties[name].(object)
			if !assert.True(t, ok, "%s.%s is not in the schema as %q", goType, field.Name, name) {
				continue
			}
			assert.NotEmpty(t, property["description"], "%s.%s", goType, name)
			required, _ := node["required"].([]any)
			assert.Equal(t, options == "", slices.Contains(required, any(name)), "%s.%s: always there or not", goType, name)
			walk(t, field.Type, property)
		}
		for name := range properties {
			assert.Contains(t, names, name, "%s", goType)
		}
	}
	walk(t, reflect.TypeFor[reports.Report](), root)
	assert.Len(t, seen, len(definitions)-1+1, "each definition but that of verdicts, and the root")
}

// TestFullSampleIsFull keeps the sample above honest: a field that is missing
// from it would be validated by nothing.
func TestFullSampleIsFull(t *testing.T) {
	var r object
	require.NoError(t, json.Unmarshal([]byte(asJSON(t, reportstest.Full())), &r))
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	for name := range names(t, data) {
		assert.Contains(t, keys(r, map[string]bool{}), name)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(asJSON(t, reportstest.Full())))
	require.NoError(t, err)
	assert.NoError(t, schema(t).Validate(value))
}

// TestDocumentationNamesEveryField holds docs/report.md against the schema.
func TestDocumentationNamesEveryField(t *testing.T) {
	page, err := os.ReadFile("../docs/report.md")
	require.NoError(t, err)
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	for name := range names(t, data) {
		assert.Contains(t, string(page), "`"+name+"`")
	}
}

// names returns every property that the schema knows.
func names(t *testing.T, data []byte) map[string]bool {
	var root object
	require.NoError(t, json.Unmarshal(data, &root))
	found := map[string]bool{}
	nodes := []any{root}
	for _, d := range root["$defs"].(object) {
		nodes = append(nodes, d)
	}
	for _, node := range nodes {
		properties, _ := node.(object)["properties"].(object)
		for name := range properties {
			found[name] = true
		}
	}
	require.NotEmpty(t, found)
	return found
}

func keys(value any, found map[string]bool) map[string]bool {
	switch v := value.(type) {
	case object:
		for key, each := range v {
			found[key] = true
			keys(each, found)
		}
	case []any:
		for _, each := range v {
			keys(each, found)
		}
	}
	return found
}
