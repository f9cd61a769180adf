package differential

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

// directive stands at the end of a rule's comment. It names the cases that hold the
// rule against a real Istio, or where else it is shown, each of which is looked up:
//
//	//differential:gateway/merged virtualservice/paths
//	//differential:elsewhere scenario bookinfo-thirds
//	//differential:elsewhere test proxies/TestCarried
//	//differential:elsewhere uncompared consistent hashes
//
// A scenario is a built-in one that runs on kind; what is not compared stands in
// these words in the section of docs/fidelity.md that says so.
const directive = "//differential:"

// mentions are the names Istio and Envoy where nothing is said of either: what is
// quoted, and addresses of packages.
var mentions = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|\\bistio\\.io/\\S*")

// follows is what makes a comment the claim that the program knows what Istio or
// Envoy does.
var follows = regexp.MustCompile(`\b([Ii]stio|istiod|[Ee]nvoy)('s)?\b`)

// TestEveryRuleNamesItsCase reads all of the program. Each comment that says what
// Istio or Envoy does belongs to a declaration that names a case of this suite, or
// where else that is shown; and each case is named by a rule.
func TestEveryRuleNamesItsCase(t *testing.T) {
	named := map[string]bool{}
	rules := 0
	for _, file := range programFiles(t) {
		for _, rule := range rulesOf(t, file) {
			rules++
			assert.NotEmpty(t, rule.shownBy, "%s: %s says what Istio does, and no line %s… says which case shows it", rule.place, rule.name, directive)
			for _, shown := range rule.shownBy {
				words := strings.Fields(shown)
				if len(words) > 0 && words[0] == "elsewhere" {
					assert.NoError(t, elsewhere(words[1:]), "%s: %s", rule.place, rule.name)
					continue
				}
				assert.NotEmpty(t, words, "%s: %s names nothing", rule.place, rule.name)
				for _, name := range words {
					named[name] = true
					_, err := os.Stat(filepath.Join("testdata", filepath.FromSlash(name)+".txtar"))
					assert.NoError(t, err, "%s: %s names a case that there is not", rule.place, rule.name)
				}
			}
		}
	}
	assert.Greater(t, rules, 140, "the rules are found")
	names, _ := caseFiles(t)
	for _, name := range names {
		assert.True(t, named[name], "no rule names the case %s", name)
	}
}

// programFiles are the Go files of every room, without their tests.
func programFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir("../..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "../.." && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files = append(files, name)
		}
		return nil
	}))
	return files
}

// elsewhere says what is wrong with a place where a rule is shown.
func elsewhere(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("%q is none of scenario NAME, test PACKAGE/NAME, uncompared WORDS", strings.Join(words, " "))
	}
	rest := strings.Join(words[1:], " ")
	switch words[0] {
	case "scenario":
		s, problems := scenarios.Builtin(rest)
		if err := problems.Err(); err != nil {
			return fmt.Errorf("the scenario %q: %w", rest, err)
		}
		if len(s.Targets) > 0 && !slices.Contains(s.Targets, "kind") {
			return fmt.Errorf("the scenario %s runs on %v alone, which shows nothing of Istio", rest, s.Targets)
		}
	case "test":
		room, name := path.Split(rest)
		files, err := filepath.Glob(filepath.Join(folderOf(room), "*_test.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
				return nil
			}
		}
		return fmt.Errorf("there is no test %s in %s", name, room)
	case "uncompared":
		page, err := os.ReadFile("../../docs/fidelity.md")
		if err != nil {
			return err
		}
		_, section, _ := strings.Cut(string(page), "\n## What was not compared\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !strings.Contains(section, rest) {
			return fmt.Errorf("docs/fidelity.md does not list %q among what was not compared", rest)
		}
	default:
		return fmt.Errorf("%q is none of scenario, test and uncompared", words[0])
	}
	return nil
}

func TestElsewhere(t *testing.T) {
	for _, good := range []string{"scenario bookinfo-thirds", "test routing/TestBalancers", "uncompared consistent hashes"} {
		assert.NoError(t, elsewhere(strings.Fields(good)), good)
	}
	for bad, why := range map[string]string{
		"shares are judged by scenarios": "none of scenario, test and uncompared",
		"scenario":                       "none of scenario NAME",
		"scenario bookinfo-halves":       "bookinfo-halves",
		"scenario stuck-proxy":           "runs on [sim] alone",
		"test routing/TestBalance":       "no test TestBalance",
		"test mesh/TestEveryRule":        "no test",
		"uncompared weights":             "does not list",
	} {
		assert.ErrorContains(t, elsewhere(strings.Fields(bad)), why, bad)
	}
}

type rule struct {
	name, place string
	shownBy     []string
}

// rulesOf are the declarations of a file that follow Istio or Envoy: their own
// comment says so, or one within them. What stands between declarations is a rule
// of its own; the package's comment speaks of all of it, and is none.
func rulesOf(t *testing.T, file string) []rule {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	require.NoError(t, err)
	within := func(c *ast.CommentGroup) (name string, doc *ast.CommentGroup) {
		for _, decl := range parsed.Decls {
			if name, doc = named(decl); c == doc || decl.Pos() <= c.Pos() && c.End() <= decl.End() {
				return name, doc
			}
		}
		return "what stands alone", c
	}
	var found []rule
	seen := map[string]bool{}
	for _, group := range parsed.Comments {
		name, doc := within(group)
		shownBy := directives(doc)
		said := mentions.ReplaceAllString(strings.TrimPrefix(group.Text(), name), "")
		if group == parsed.Doc || len(directives(group)) == 0 && !follows.MatchString(said) {
			continue
		}
		if len(directives(group)) > 0 {
			shownBy = directives(group)
		}
		if key := name + strings.Join(shownBy, "\n"); len(shownBy) == 0 || !seen[key] {
			seen[key] = true
			found = append(found, rule{name, fmt.Sprintf("%s:%d", filepath.ToSlash(strings.TrimPrefix(file, "../../")), set.Position(group.Pos()).Line), shownBy})
		}
	}
	return found
}

// directives are what the lines of a comment that are directives say.
func directives(doc *ast.CommentGroup) []string {
	var said []string
	if doc != nil {
		for _, c := range doc.List {
			if shown, ok := strings.CutPrefix(c.Text, directive); ok {
				said = append(said, shown)
			}
		}
	}
	return said
}

// named is the name of a declaration, the first of several, and its comment.
func named(decl ast.Decl) (string, *ast.CommentGroup) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		return decl.Name.Name, decl.Doc
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
		return name, decl.Doc
	}
	return "", nil
}

// folderOf is where a room's package is: most are under internal/.
func folderOf(room string) string {
	room = filepath.FromSlash(room)
	if folder := filepath.Join("../../internal", room); isFolder(folder) {
		return folder
	}
	return filepath.Join("../..", room)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
