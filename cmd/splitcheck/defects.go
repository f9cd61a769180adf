package main

import (
	"fmt"
	"strings"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// parseDefects reads KIND:NAME=VALUE,NAME=VALUE. What is not the name of a
// setting is a version and its weight.
func parseDefects(texts []string) ([]target.Defect, error) {
	var (
		defects  []target.Defect
		mistakes []string
	)
	for _, text := range texts {
		defect, err := parseDefect(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Sprintf("--defect %s: %v", text, err))
		}
		defects = append(defects, defect)
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(mistakes, "\n"))
	}
	return defects, nil
}

func parseDefect(text string) (target.Defect, error) {
	kind, settings, _ := strings.Cut(text, ":")
	defect := target.Defect{Kind: kind}
	if kind == "stuck-proxy" {
		return defect, fmt.Errorf("a check is never begun when a proxy does not take the new weights: it ends as not converged")
	}
	var weights []string
	for _, part := range strings.Split(settings, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch {
		case settings == "":
		case !found:
			err = fmt.Errorf("%q is not NAME=VALUE", part)
		case name == "version":
			defect.Version = value
		case name == "share":
			defect.Share, err = share(value)
		case name == "requests":
			if _, scanned := fmt.Sscan(value, &defect.Requests); scanned != nil {
				err = fmt.Errorf("requests=%s is not a number", value)
			}
		case kind == "weights":
			weights = append(weights, part)
		default:
			err = fmt.Errorf("%s is no setting of the defect %q; settings are version, share and requests, and of the defect weights the versions", name, kind)
		}
		if err != nil {
			return defect, err
		}
	}
	if len(weights) > 0 {
		parsed, err := split.ParseWeights(strings.Join(weights, ","))
		defect.Weights = parsed
		return defect, err
	}
	return defect, nil
}
