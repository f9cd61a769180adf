package recorded

import (
	"bytes"
	"regexp"

	"github.com/splitcheck/splitcheck/split"
)

// known are texts that an answer without a version is known by: those of Envoy's
// own answers (source/common/http/utility.cc, router.cc and the filters), of
// nginx's and Go's error pages. They have no line's end of their own, so in the
// output of a curl loop the next answer may follow on the same line.
//
//differential:sidecar/failures virtualservice/shares-of-failures
var known = []struct {
	text    string
	outcome split.Outcome
}{
	{"no healthy upstream", split.Error},
	{"upstream connect error or disconnect/reset before headers", split.Error},
	{"upstream request timeout", split.Error},
	{"stream timeout", split.Error},
	{"fault filter abort", split.Error},
	{"500 Internal Server Error", split.Error},
	{"502 Bad Gateway", split.Error},
	{"503 Service Temporarily Unavailable", split.Error},
	{"503 Service Unavailable", split.Error},
	{"504 Gateway Time-out", split.Error},
	{"504 Gateway Timeout", split.Error},
	{"Internal Server Error", split.Error},
	{"Bad Gateway", split.Error},
	{"Service Unavailable", split.Error},
	{"Gateway Timeout", split.Error},
	{"404 page not found", split.Unidentified},
	{"404 Not Found", split.Unidentified},
	{"default backend - 404", split.Unidentified},
	{"RBAC: access denied", split.Unidentified},
	{"Jwt is missing", split.Unidentified},
	{"local_rate_limited", split.Unidentified},
}

var knownText = func() *regexp.Regexp {
	var pattern string
	for i, each := range known {
		if i > 0 {
			pattern += "|"
		}
		pattern += regexp.QuoteMeta(each.text)
	}
	return regexp.MustCompile(pattern)
}()

// curlFailed is what curl -S says of a request that it got no answer to. What
// follows it may hold the address, and in it what looks like a version.
var curlFailed = regexp.MustCompile(`^\s*curl: \(\d+\)`)

// knownTexts returns an answer for each known text in s. The title of an error page
// counts only where nothing else in s says the same, because most pages do.
func knownTexts(s []byte) []split.Answer {
	if failed := curlFailed.Find(s); failed != nil {
		return []split.Answer{{Outcome: split.Error, Kind: string(bytes.TrimSpace(failed))}}
	}
	if answers := textsIn(title.ReplaceAll(s, nil)); len(answers) > 0 {
		return answers
	}
	return textsIn(s)
}

// title is that of a page.
var title = regexp.MustCompile(`(?is)<title>.*?</title>`)

func textsIn(s []byte) []split.Answer {
	var answers []split.Answer
	for _, found := range knownText.FindAll(s, -1) {
		for _, each := range known {
			if each.text == string(found) {
				answers = append(answers, split.Answer{Outcome: each.outcome, Kind: each.text})
			}
		}
	}
	return answers
}
