package scenarios

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/reports/words"
)

// What a rule looks for is said in every language, and in English as docs/lint.md
// and the list of rules say it.
func TestRulesHaveWords(t *testing.T) {
	for _, rule := range findings() {
		id := "rule-" + strings.ToLower(rule.id)
		assert.Equal(t, rule.title, words.In("en").Words(id, nil), rule.id)
		assert.NotEqual(t, rule.title, words.In("zh").Words(id, nil), rule.id)
	}
	p := problems.Problem{File: "a.yaml", Line: 3, Column: 5, ID: "SC108", Message: "http[1] can never match"}
	mistake := words.In("zh").Say(p.Finding())
	assert.Equal(t, "a.yaml:3:5: SC108（永远不会匹配的规则）：http[1] can never match", mistake)
}
