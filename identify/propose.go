package identify

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Place is where a rule finds a version in an answer.
type Place struct {
	// Version is what it finds, Where the part of the answer: "body", or
	// "header X-Version".
	Version, Where string
	// Before and After surround it there.
	Before, After string
}

const (
	// around is how many bytes are shown on each side of what a rule finds.
	around = 40
	// mostPlaces is how many places of an answer are shown.
	mostPlaces = 6
)

// Places returns where the first rule that matches finds versions in a, at most
// six of them, for people to see which of them is meant.
func (rs Rules) Places(a Answer) []Place {
	for _, r := range rs {
		if found := r.Explain(a); len(found.Versions) > 0 {
			return placesOf(r, a, found.Versions)
		}
	}
	return nil
}

func placesOf(r Rule, a Answer, versions []string) []Place {
	var places []Place
	switch r := r.(type) {
	case *bodyRule:
		for from, to := range r.text.matches(a.Body) {
			name, ok := r.text.nameOf(a.Body[from:to])
			if !ok || r.text.insideWord(a.Body, to) {
				continue
			}
			places = append(places, Place{
				Version: name, Where: "body",
				Before: string(bytes.ToValidUTF8(a.Body[max(0, from-around):from], nil)),
				After:  string(bytes.ToValidUTF8(a.Body[to:min(len(a.Body), to+around)], nil)),
			})
			if len(places) == mostPlaces {
				break
			}
		}
		return places
	case *headerRule:
		for _, version := range versions {
			places = append(places, Place{Version: version, Where: "header " + r.key})
		}
	case *jsonRule:
		for _, version := range versions {
			places = append(places, Place{Version: version, Where: "JSON " + r.form.JSON})
		}
	}
	return places[:min(len(places), mostPlaces)]
}

// Propose looks for a rule that names exactly one of the versions that are meant
// in each of the answers: narrower than rs where those find too much, and another
// where they find nothing. It is empty if there is none to be found. What names the
// same version in all of them is not proposed where several are meant: the name of
// the latest version stands in every answer, whichever version served it.
func (rs Rules) Propose(answers []Answer, versions []string) string {
	if len(answers) == 0 {
		return ""
	}
	for _, candidate := range slices.Concat(rs.narrower(answers), headersWith(answers, versions),
		pathsWith(answers[0].Body, versions), wholeWords(versions)) {
		rule, err := Parse(candidate)
		if err == nil && rs.serves(rule, answers, versions) {
			return candidate
		}
	}
	return ""
}

// serves says whether a rule names exactly one version in each answer, one that is
// meant, and the one that rs name where those name one.
func (rs Rules) serves(r Rule, answers []Answer, versions []string) bool {
	named := map[string]bool{}
	for _, a := range answers {
		version, other := r.Names(a)
		known, ok := rs.Identify(a)
		if version == "" || other != "" || !slices.Contains(versions, version) || ok && known != version {
			return false
		}
		named[version] = true
	}
	return len(named) > 1 || len(versions) == 1
}

// narrower writes what stands right before a version into the rule: the word there,
// or two.
func (rs Rules) narrower(answers []Answer) []string {
	var candidates []string
	for _, r := range rs {
		body, is := r.(*bodyRule)
		if !is || body.form.Version != "" {
			continue
		}
		pattern := body.form.Body
		if !strings.Contains(pattern, "(") {
			pattern = "(" + pattern + ")"
		}
		for _, a := range answers {
			for _, place := range placesOf(r, a, nil) {
				for _, before := range wordsBefore(place.Before) {
					candidate := "body:" + regexp.QuoteMeta(before) + pattern
					if !slices.Contains(candidates, candidate) {
						candidates = append(candidates, candidate)
					}
				}
			}
		}
	}
	return candidates
}

// lastWords are the last word of a line with what separates it from what follows,
// and the last two.
var lastWords = []*regexp.Regexp{
	regexp.MustCompile(`[^\s<>"]*[\s<>"=:]*$`),
	regexp.MustCompile(`[^\s<>"]*[\s<>"=:]+[^\s<>"]*[\s<>"=:]*$`),
}

func wordsBefore(text string) []string {
	line := text[strings.LastIndexAny(text, "\r\n")+1:]
	var all []string
	for _, re := range lastWords {
		if found := re.FindString(line); found != "" && utf8.ValidString(found) {
			all = append(all, found)
		}
	}
	return all
}

// headersWith are the headers whose value is one of the versions in some answer.
func headersWith(answers []Answer, versions []string) []string {
	named := map[string]bool{}
	for _, a := range answers {
		for name, values := range a.Header {
			named[name] = named[name] || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(versions, v) })
		}
	}
	var candidates []string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if named[name] {
			candidates = append(candidates, "header:"+name)
		}
	}
	return candidates
}

// pathsWith are the paths of a JSON body at which one of the versions stands.
func pathsWith(body []byte, versions []string) []string {
	var document any
	if json.Unmarshal(body, &document) != nil {
		return nil
	}
	var (
		candidates []string
		walk       func(path string, value any)
	)
	walk = func(path string, value any) {
		switch x := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(x)) {
				if !strings.ContainsAny(key, `.*?|#@\`) {
					walk(strings.TrimPrefix(path+"."+key, "."), x[key])
				}
			}
		case string:
			if slices.Contains(versions, x) && path != "" {
				candidates = append(candidates, "json:"+path)
			}
		}
	}
	walk("", document)
	return candidates
}

// wholeWords looks for the versions themselves anywhere in the body.
func wholeWords(versions []string) []string {
	quoted := make([]string, len(versions))
	for i, version := range versions {
		quoted[i] = regexp.QuoteMeta(version)
	}
	return []string{`body:\b(` + strings.Join(quoted, "|") + `)\b`}
}
