package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// TestFilesThatWereNotMeantAreNotShown: a path in a scenario or behind a flag may
// name any file of the machine, and what is in it is nobody's business.
func TestFilesThatWereNotMeantAreNotShown(t *testing.T) {
	files := map[string]string{
		"passwd":      "root:x:0:0:sesame:/root:/bin/sesame\nsesame:x:1:1::/:/bin/sesame\n",
		"shadow":      "root:$6$sesame:19000:0:99999:7:::\nroot:$6$sesame:19000:0:99999:7:::\n",
		"env":         "PASSWORD=sesame\nTOKEN='sesame'\n",
		"ini":         "[sesame]\naws_secret_access_key = sesame\n",
		"yaml":        "password: sesame\nsesame: {token: [sesame], sesame: .inf, sesame: !sesame x}\n",
		"list":        "- sesame\n- token: sesame\n",
		"alias":       "password: *sesame\n",
		"json":        `{"type": "service_account", "private_key": "sesame", "sesame": 1}`,
		"pem":         "-----BEGIN PRIVATE KEY-----\nsesame+sesame/sesame==\n-----END PRIVATE KEY-----\n",
		"quote":       `token: "sesame` + "\n" + `sesame: 'sesame`,
		"netrc":       "machine sesame login sesame password sesame\n",
		"shell":       "export TOKEN=sesame\n\techo sesame: {sesame\n",
		"kubeconfig":  "apiVersion: v1\nkind: Config\nusers: [{name: a, user: {token: sesame}}]\ncurrent-context: [sesame]\n",
		"known-hosts": "sesame ssh-ed25519 AAAAsesame\n|1|sesame=|sesame= ssh-rsa sesame\n",
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
			write := func(name, content string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			write(name, content)
			write("a/b/scenario.yaml", `apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: reads, description: Reads a file.}
spec:
  app: version-test
  steps:
  - name: one
    apply: [../../`+name+`]
    checks: [{name: all, expect: {v1: 90, v2: 10}}]
`)
			write("config.yaml", "apiVersion: splitcheck.dev/v1alpha1\nkind: ClusterConfig\nistio: {overlays: ["+name+"]}\ngatewayAPI: {crds: "+name+"}\n")
			for _, args := range [][]string{
				{"run", "a/b/scenario.yaml"}, {"run", name}, {"scenarios", "lint", "a/b/scenario.yaml"}, {"scenarios", "lint", name},
				{"sim", "serve", name}, {"report", name}, {"cluster", "status", "--config", name},
				{"run", "version-test-90-10", "--target", "cluster", "--kubeconfig", name},
				{"verify", "http://127.0.0.1:1/", "--virtual-service", "a/b", "--identify", "status", "--kubeconfig", name},
			} {
				out, errs, code := callIn(t, dir, "", args...)
				assert.NotEqual(t, reports.ExitVerified, code, "%v: %s%s", args, out, errs)
				assert.NotContains(t, strings.ToLower(out+errs), "sesame", args)
				assert.Contains(t, out+errs, name, "the file that was read is named: %v", args)
			}
		})
	}
}

// TestKubeconfigsTellNoSecrets: client-go repeats a server that it cannot read.
func TestKubeconfigsTellNoSecrets(t *testing.T) {
	for _, server := range []string{
		"https://bob:p%zzsesame@127.0.0.1:1", "https://bob:p/sesame@127.0.0.1:1", "https://sesame-token@127.0.0.1:1", "https://bob:sesame@127.0.0.1:x",
		"bob:sesame@127.0.0.1:1", "https://:sesame@", "ftp://bob:sesame@127.0.0.1:1", "https://127.0.0.1:1/?token=sesame", "://bob:sesame@x", "https://bob:sesame@[::1",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "config"), fmt.Appendf(nil, `{"apiVersion": "v1", "kind": "Config", "current-context": "c",
			"contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
			"clusters": [{"name": "k", "cluster": {"server": %q}}],
			"users": [{"name": "u", "user": {"token": "open-sesame"}}]}`, server), 0o600))
		t.Setenv("KUBECONFIG", filepath.Join(dir, "config"))
		for _, args := range [][]string{
			{"verify", "http://127.0.0.1:1/", "--virtual-service", "a/b", "--identify", "status"},
			{"run", "version-test-90-10", "--target", "cluster"},
		} {
			out, errs, code := callIn(t, dir, "", args...)
			assert.NotEqual(t, reports.ExitVerified, code)
			assert.NotContains(t, out+errs, "sesame", "%s: %v", server, args)
		}
	}
}

// TestForeignTextIsHarmless: nothing that a server answers, and no name of a file, is
// obeyed by a terminal or by a CI runner.
func TestForeignTextIsHarmless(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("::add-mask::v1\n##[error]v1" + commands))
	}))
	defer server.Close()
	name := "a" + strings.ReplaceAll(commands, "\x00", "\x7f") + "/b"
	verify := []string{"verify", server.URL, "--expect", "v1=90,v2=10", "--rate", "0", "--requests", "25", "--identify", "header:X"}
	for _, args := range [][]string{
		verify, append(slices.Clone(verify), "-o", "json"), append(slices.Clone(verify), "-v", "--lang", "zh"),
		append(slices.Clone(verify), "-o", "text="+name), append(slices.Clone(verify), "-o", name), append(slices.Clone(verify), "-H", name), {"verify", name},
		append(slices.Clone(verify), "--lang", name), append(slices.Clone(verify), "--host", name), append(slices.Clone(verify), "--seed", name),
		{name}, {"run", name}, {"run", "--target", name}, {"run", "--" + name}, {"scenarios", "show", name}, {"scenarios", "lint", name}, {"scenarios", "init", name},
		{"report", name}, {"analyze", name, "--expect", name}, {"analyze", name, "--expect", "v1=1"}, {"plan", "--expect", name}, {"app", name}, {"sim", "serve", name},
		{"cluster", "status", "--config", name}, {"simulate", "--expect", "v1=1", "--truth", name}, {"verify", server.URL, "--virtual-service", name},
	} {
		out, errs, _ := call(t, args...)
		assertHarmless(t, out, fmt.Sprintf("%q", args))
		assertHarmless(t, errs, fmt.Sprintf("%q", args))
		assert.NotEmpty(t, out+errs)
	}
}

// TestFilesWithCommandsAreHarmless: a scenario and its manifests may come from a
// stranger's pull request.
func TestFilesWithCommandsAreHarmless(t *testing.T) {
	dir := t.TempDir()
	text, err := json.Marshal(commands)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(strings.ReplaceAll(`{apiVersion: splitcheck.dev/v1alpha1, kind: Scenario, metadata: {name: a, description: "TEXT", "TEXT": 1},
spec: {app: "TEXT", steps: [{name: "TEXT", apply: ["TEXT"], checks: [{name: "TEXT", expect: {"TEXT": 1}, identify: {body: "(TEXT"}}]}]}}`, `"TEXT"`, string(text))), 0o600))
	for _, args := range [][]string{{"run", "s.yaml"}, {"scenarios", "lint", "s.yaml"}, {"sim", "serve", "s.yaml"}} {
		out, errs, code := callIn(t, dir, "", args...)
		assert.Equal(t, reports.ExitUsage, code)
		assertHarmless(t, out, args[0])
		assertHarmless(t, errs, args[0])
		assert.Contains(t, out+errs, "s.yaml")
	}
}

// TestSavedReportsAreHarmless: a report may come from anywhere, and what is in it is
// shown again.
func TestSavedReportsAreHarmless(t *testing.T) {
	dir := t.TempDir()
	_, errs, was := callIn(t, dir, "", "analyze", "--counts", "v1=50,v2=50,errors=3,unidentified=2", "--expect", "v1=90,v2=10", "-o", "json=r.json")
	require.Equal(t, reports.ExitViolated, was, errs)
	saved, err := os.ReadFile(filepath.Join(dir, "r.json"))
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, json.Unmarshal(saved, &document))
	document["reproduction"] = map[string]any{"command": []any{"splitcheck", "verify"}}
	hostile := spoil(document, "")
	text, err := json.Marshal(hostile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hostile.json"), text, 0o600))
	for _, args := range [][]string{{}, {"-v"}, {"-o", "json"}, {"-o", "text=again.txt"}, {"--lang", "zh"}} {
		out, errs, code := callIn(t, dir, "", append([]string{"report", "hostile.json"}, args...)...)
		assert.Equal(t, was, code, errs)
		assertHarmless(t, out, "report")
		assertHarmless(t, errs, "report")
		if len(args) == 0 {
			assert.Contains(t, out, "add-mask", "the words themselves stay")
		}
	}
	again, err := os.ReadFile(filepath.Join(dir, "again.txt"))
	require.NoError(t, err)
	assertHarmless(t, string(again), "again.txt")
}

// spoil puts commands into every text of a document, but for those without which it
// is refused.
func spoil(value any, name string) any {
	switch x := value.(type) {
	case map[string]any:
		for name, each := range x {
			x[name] = spoil(each, name)
		}
	case []any:
		for i := range x {
			x[i] = spoil(x[i], name)
		}
	case string:
		if !slices.Contains([]string{"schema", "verdict", "expected_verdict", "id", "started"}, name) {
			return x + strings.ReplaceAll(commands, "\xff", "\u009b")
		}
	}
	return value
}
