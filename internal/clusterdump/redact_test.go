package clusterdump

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each planted secret holds the word hunter, which must not come through, and
// each text around it the word keep, which must.
func TestSecretsInTexts(t *testing.T) {
	for _, text := range []string{
		"keep GET / authorization: Bearer hunter2hunter2",
		"keep Authorization=Basic aHVudGVyhunter",
		`keep {"cookie":"session=hunter2; user=hunter"}`,
		"keep Set-Cookie: session=hunter2; Path=/",
		"keep token eyJhbGciOiJSUzI1NiJ9.hunterhunter.hunter-hunter",
		"keep\n-----BEGIN RSA PRIVATE KEY-----\nhunter\nhunter\n-----END RSA PRIVATE KEY-----\n",
		"keep -----BEGIN PRIVATE KEY-----\nhunter cut off",
		"keep postgres://user:hunter2@db:5432/keep",
		"keep --db-password=hunter2 keep",
		`keep {"client_secret": "hunter2", "keep": 1}`,
		"keep DB_PASSWORD=hunter2",
		"keep SESSION_KEY: hunter2",
		"keep client-key-data: hunter2==",
		`keep "{\"password\":\"hunter2\"}"`,
	} {
		got := redactText(text)
		assert.NotContains(t, got, "hunter", text)
		assert.Contains(t, got, "keep", text)
		assert.Contains(t, got, redacted, text)
	}
	plain := "outbound|80|v1|canary.default.svc.cluster.local rq_total::17 ADS: PUSH for node:appv1 resources:4"
	assert.Equal(t, plain, redactText(plain))
}

func TestSecretsInObjects(t *testing.T) {
	var value any
	require.NoError(t, json.Unmarshal([]byte(`{
		"metadata": {"name": "keep1", "annotations": {
			"kubectl.kubernetes.io/last-applied-configuration": "hunter", "example.com/api-token": "hunter", "note": "keep2"}},
		"spec": {
			"serviceAccountName": "keep3", "imagePullSecrets": [{"name": "keep4"}],
			"args": ["--token", "hunter", "--password=hunter", "keep5"],
			"env": [
				{"name": "DB_PASSWORD", "value": "hunter"}, {"name": "SESSION_KEY", "value": "hunter"},
				{"name": "HOST", "value": "keep6"},
				{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keep7", "key": "keep8"}}}],
			"volumes": [{"secret": {"secretName": "keep9"}}],
			"http": [{"match": [{"headers": {"cookie": {"exact": "session=hunter"}}}], "headers": {"request": {"set": {"authorization": "hunter"}}}}]
		},
		"transport_socket": {"common_tls_context": {
			"tls_certificates": [{"private_key": {"inline_bytes": "hunter"}, "certificate_chain": {"inline_string": "hunter"}}],
			"tls_certificate_sds_secret_configs": [{"name": "keep10"}]}},
		"request_headers_to_add": [{"header": {"key": "authorization", "value": "hunter"}}]
	}`), &value))
	text, err := json.Marshal(redact(value))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter")
	for _, kept := range []string{"keep1", "keep2", "keep3", "keep4", "keep5", "keep6", "keep7", "keep8", "keep9", "keep10"} {
		assert.Contains(t, string(text), `"`+kept+`"`)
	}
}
