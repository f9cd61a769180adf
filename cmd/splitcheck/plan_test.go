package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

func planned(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out, errs, code := call(t, append([]string{"plan", "-o", "json"}, args...)...)
	require.Equal(t, 0, code, errs)
	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &read))
	return read
}

func TestPlanBothWays(t *testing.T) {
	forward := planned(t, "--expect", "v1=90,v2=10", "--rate", "100")
	requests := forward["requests"].(float64)
	assert.InEpsilon(t, 1920, requests, 0.03)
	assert.Equal(t, requests/100, forward["seconds"])
	assert.Len(t, forward["margins"], 6)
	back := planned(t, "--expect", "v1=90,v2=10", "--requests", "1934")
	assert.GreaterOrEqual(t, back["chances"].(map[string]any)["verified"], 0.999)
	assert.Equal(t, requests, back["needed"])
}

func TestPlanForErrors(t *testing.T) {
	without := planned(t, "--expect", "v1=70,v2=30")["requests"].(float64)
	assert.Greater(t, planned(t, "--expect", "v1=70,v2=30", "--errors", "0.1%")["requests"], without)
	_, errs, code := call(t, "plan", "--expect", "v1=70,v2=30", "--errors", "0.2%")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "no number of requests is sure to do")
}

func TestPlanRefusesWhatMakesNoSense(t *testing.T) {
	for says, args := range map[string][]string{
		"--requests 0":           {"--requests", "0"},
		"leave out --errors":     {"--requests", "500", "--errors", "0.1%"},
		"--rate -1":              {"--rate", "-1"},
		"--checks 0":             {"--checks", "0"},
		"--errors":               {"--errors", "many"},
		"there is no format":     {"-o", "tea"},
		"beyond which nothing i": {"--errors", "20%"},
	} {
		_, errs, code := call(t, append([]string{"plan", "--expect", "v1=70,v2=30"}, args...)...)
		assert.Equal(t, 2, code, "%v", args)
		assert.Contains(t, errs, says)
	}
}

func TestPlanIntoAFile(t *testing.T) {
	folder := t.TempDir()
	out, errs, code := callIn(t, folder, "", "plan", "--expect", "v1=90,v2=10", "-o", "json=plan.json")
	require.Equal(t, reports.ExitVerified, code, errs)
	assert.Empty(t, out)
	saved, err := os.ReadFile(filepath.Join(folder, "plan.json"))
	require.NoError(t, err)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no file is left behind but the plan")
	assert.Contains(t, string(saved), `"splitcheck.dev/plan/v1"`)
	for _, output := range []string{"json=", "json=no/plan.json", "html=plan.html", "=x"} {
		_, errs, code = callIn(t, folder, "", "plan", "--expect", "v1=90,v2=10", "-o", output)
		assert.Equal(t, reports.ExitUsage, code, errs)
		assert.Contains(t, errs, "-o "+output+": ")
	}
}
