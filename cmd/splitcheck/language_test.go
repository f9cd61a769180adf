package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The text is in the language of the locale, English for one that is not known.
func TestLanguageOfTheLocale(t *testing.T) {
	for locale, want := range map[string]string{
		"": "en", "C": "en", "C.UTF-8": "en", "en_GB.UTF-8": "en", "fr_FR": "en",
		"zh": "zh", "zh_CN.UTF-8": "zh", "zh-TW": "zh", "ZH_CN": "zh", "zh@pinyin": "zh",
	} {
		out, err := (&outputFlags{std: streams{locale: locale}}).open(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, want, out.language.Name, locale)
	}
	out, err := (&outputFlags{languageFlag: languageFlag{"en"}, std: streams{locale: "zh_CN"}}).open(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, "en", out.language.Name, "the flag comes first")
	_, err = (&outputFlags{languageFlag: languageFlag{"fr"}}).open(t.Context())
	assert.ErrorContains(t, err, "there are: en, zh")
}
