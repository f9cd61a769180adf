package reports_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/reports"
)

func TestSecretsOfHeadersAreHidden(t *testing.T) {
	for _, name := range []string{"Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-Auth-Token"} {
		assert.Equal(t, reports.Hidden, reports.HeaderValue(name, "s3cret"), name)
	}
	for _, name := range []string{"end-user", "X-Version", "Accept"} {
		assert.Equal(t, "seen", reports.HeaderValue(name, "seen"), name)
	}
}
