package differential

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// directive stands at the end of a rule's comment. It names the cases that hold the
// rule against a real Istio, or says where else it is shown:
//
//	//differential:gateway/merged virtualservice/paths
//	//differential:elsewhere what shows it, or why nothing can
const directive = "//differential:"

// follows is what makes a declaration a rule of the simulator: its comment says
// what Istio or Envoy does.
var follows = regexp.MustCompile(`\b([Ii]stio|istiod|[Ee]nvoy)('s)?\b`)

// TestEveryRuleNamesItsCase reads the rooms that simulate Istio. Each declaration
// whose comment says that it does what Istio or Envoy does names a case of this
// suite, and each case is named by a rule.
func TestEveryRuleNamesItsCase(t *testing.T) {
	named := map[string]bool{}
	rules := 0
	for _, room := range []string{"routing", "mesh"} {
		files, err := filepath.Glob(filepath.Join("../..", room, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, rule := range rulesOf(t, file) {
				rules++
				words := strings.Fields(rule.cases)
				if !assert.NotEmpty(t, words, "%s: %s says what Istio does, and no line %s… says which case shows it", rule.place, rule.name, directive) {
					continue
				}
				if words[0] == "elsewhere" {
					assert.Greater(t, len(words), 2, "%s: %s does not say where else it is shown", rule.place, rule.name)
					continue
				}
				for _, name := range words {
					named[name] = true
					_, err := os.Stat(filepath.Join("testdata", filepath.FromSlash(name)+".txtar"))
					assert.NoError(t, err, "%s: %s names a case that there is not", rule.place, rule.name)
				}
			}
		}
	}
	assert.Greater(t, rules, 50, "the rules are found")
	cases, err := filepath.Glob("testdata/*/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, file := range cases {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar")
		assert.True(t, named[name], "no rule names the case %s", name)
	}
}

type rule struct{ name, place, cases string }

// rulesOf are the declarations of a file that follow Istio or Envoy.
func rulesOf(t *testing.T, file string) []rule {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	require.NoError(t, err)
	var found []rule
	add := func(name string, doc *ast.CommentGroup) {
		if doc == nil {
			return
		}
		r := rule{name: name, place: fmt.Sprintf("%s:%d", filepath.ToSlash(strings.TrimPrefix(file, "../../")), set.Position(doc.Pos()).Line)}
		at := slices.IndexFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, directive) })
		if at >= 0 {
			r.cases = strings.TrimPrefix(doc.List[at].Text, directive)
		}
		if at >= 0 || follows.MatchString(doc.Text()) {
			found = append(found, r)
		}
	}
	for _, decl := range parsed.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			add(decl.Name.Name, decl.Doc)
		case *ast.GenDecl:
			name := decl.Tok.String()
			if len(decl.Specs) > 0 {
				switch spec := decl.Specs[0].(type) {
				case *ast.TypeSpec:
					name = spec.Name.Name
				case *ast.ValueSpec:
					name = spec.Names[0].Name
				}
			}
			add(name, decl.Doc)
		}
	}
	return found
}
