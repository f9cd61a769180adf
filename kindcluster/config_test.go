package kindcluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadConfig(t *testing.T) {
	got, found := ReadConfig("conf/cluster.yaml", []byte(`
apiVersion: splitcheck.dev/v1alpha1
kind: ClusterConfig
name: mine
nodeImage: registry.example/kindest/node:v1.35.0
istio:
  istioctl: bin/istioctl
  hub: registry.example/istio
  tag: 1.31.1
  overlays: [control-plane.yaml, /etc/overlay.yaml]
gatewayAPI:
  crds: crds/standard
apps: upstream
images: [registry.example/x:1]
`))
	require.NoError(t, found.Err())
	assert.Equal(t, Config{
		Name: "mine", NodeImage: "registry.example/kindest/node:v1.35.0",
		Istio: Istio{
			Istioctl: "conf/bin/istioctl", Hub: "registry.example/istio", Tag: "1.31.1",
			Overlays: []string{"conf/control-plane.yaml", "/etc/overlay.yaml"},
		},
		CRDs: "conf/crds/standard", Apps: Upstream, Images: []string{"registry.example/x:1"},
	}, got)
}

// What a file leaves out has its default.
func TestConfigDefaults(t *testing.T) {
	got, found := ReadConfig("cluster.yaml", []byte("apiVersion: splitcheck.dev/v1alpha1\nkind: ClusterConfig\n"))
	require.NoError(t, found.Err())
	assert.Equal(t, Default(), got)
}

func TestConfigMistakesAllAtOnce(t *testing.T) {
	_, found := ReadConfig("cluster.yaml", []byte(`apiVersion: splitcheck.dev/v2
name: No_Name
istio:
  hup: x
  overlays: one.yaml
gatewayAPI: v1.6.3
apps: built-in
images: [a, {b: c}]
nodeImage:
`))
	var said []string
	for _, p := range found {
		said = append(said, p.String())
	}
	assert.Equal(t, []string{
		`cluster.yaml:1:1: kind is missing`,
		`cluster.yaml:1:13: apiVersion: "splitcheck.dev/v2" is not known here; write splitcheck.dev/v1alpha1`,
		`cluster.yaml:2:7: name: "No_Name" is not a name for a cluster; use lower-case letters, digits and -, at most 50 characters, beginning and ending with a letter or digit`,
		`cluster.yaml:4:3: istio: unknown field "hup"; did you mean "hub"?`,
		`cluster.yaml:5:13: istio.overlays: want a list, got the text "one.yaml"; write it as [a, b], or begin each entry with a dash`,
		`cluster.yaml:6:13: gatewayAPI: want a map, got the text "v1.6.3"; its fields are crds`,
		`cluster.yaml:7:7: apps: "built-in" is not known here; did you mean "builtin"?`,
		`cluster.yaml:8:13: images[1]: want text, got a map`,
		`cluster.yaml:9:1: nodeImage has no value; write one, or remove the field`,
	}, said)
}

func TestConfigsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "the file is empty",
		"just words":            "want a map",
		"a: [":                  "",
		"kind: X\n---\nkind: Y": "a second document",
	} {
		_, found := ReadConfig("cluster.yaml", []byte(text))
		require.Error(t, found.Err(), text)
		assert.Contains(t, found.Err().Error(), want)
	}
}

// A cluster is made anew for whatever makes it another one, and for nothing else.
func TestFingerprint(t *testing.T) {
	same := Default()
	same.Name, same.Apps = "other", Upstream
	assert.Equal(t, Default().fingerprint(nil), same.fingerprint(nil))
	other := Default()
	other.Istio.Tag = "1.30.0"
	assert.NotEqual(t, Default().fingerprint(nil), other.fingerprint(nil))
	assert.NotEqual(t, Default().fingerprint(nil), Default().fingerprint([][]byte{[]byte("spec: {}")}))
}
