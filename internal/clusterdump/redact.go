package clusterdump

import (
	"regexp"
	"strings"
)

// redacted stands where a secret was, or what looked like one.
const redacted = "[redacted]"

// secretName matches the names of variables, annotations, headers and fields
// whose values are treated as secrets. It is better to black out too much than
// too little.
var secretName = regexp.MustCompile(`(?i)passw|secret|token|credential|authorization|cookie|api[-_]?key|private[-_]?key|[-_]key$|inline_?(bytes|string)|cabundle|certificate|jwks$|last-applied-configuration|userinfo`)

// reference matches fields that only name a secret, or say how it is mounted: a
// diagnosis needs to know which secret it is.
var reference = regexp.MustCompile(`(?i)(name|names|ref|keyref|path|seconds|sds_config)$`)

// redact goes through an object, or any JSON. The value is changed in place and
// returned.
func redact(value any) any {
	switch value := value.(type) {
	case map[string]any:
		// A variable or a header of a list: {name: PASSWORD, value: ...}.
		if name, ok := value["name"].(string); ok && secretName.MatchString(name) {
			if v, ok := value["value"]; ok {
				value["value"] = blacken(v)
			}
		}
		if name, ok := value["key"].(string); ok && secretName.MatchString(name) {
			if v, ok := value["value"]; ok {
				value["value"] = blacken(v)
			}
		}
		for key, inner := range value {
			if secretName.MatchString(key) && !reference.MatchString(key) {
				value[key] = blacken(inner)
			} else {
				value[key] = redact(inner)
			}
		}
		return value
	case []any:
		for i := range value {
			// A flag and its value: [--token, ...].
			if flag, ok := value[max(0, i-1)].(string); i > 0 && ok && strings.HasPrefix(flag, "-") && !strings.Contains(flag, "=") && secretName.MatchString(flag) {
				value[i] = blacken(value[i])
				continue
			}
			value[i] = redact(value[i])
		}
		return value
	case string:
		return redactText(value)
	default:
		return value
	}
}

// blacken blacks out every text and number below a secret's name. Booleans and
// names of files stay; they say how a secret is used.
func blacken(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if reference.MatchString(key) {
				value[key] = redact(inner)
			} else {
				value[key] = blacken(inner)
			}
		}
		return value
	case []any:
		for i := range value {
			value[i] = blacken(value[i])
		}
		return value
	case nil, bool:
		return value
	default:
		return redacted
	}
}

// texts are the forms of secrets in what programs print.
var texts = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`), redacted},
	// A JSON Web Token, such as a service account's.
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), redacted},
	{regexp.MustCompile(`(?i)((?:set-)?cookie2?\\?["']?\s*[:=])[^\n]*`), "$1 " + redacted},
	{regexp.MustCompile(`(?i)(authorization\\?["']?\s*[:=])[^\n]*`), "$1 " + redacted},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}`), "$1 " + redacted},
	{regexp.MustCompile(`(://)[^/\s:@"']+:[^/\s@"']+@`), "$1" + redacted + "@"},
	{regexp.MustCompile(`(?i)([\w.-]*(?:passw(?:or)?d|secret|token|api[-_]?key|private[-_]?key|session[-_]?key|access[-_]?key|client-key-data|client-certificate-data)[\w.-]*\\?["']?\s*[:=]\s*\\?["']?)[^\s"',;&\\]+`), "$1" + redacted},
}

func redactText(text string) string {
	for _, each := range texts {
		text = each.form.ReplaceAllString(text, each.with)
	}
	return text
}
