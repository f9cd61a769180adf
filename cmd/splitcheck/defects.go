package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	name, settings, _ := strings.Cut(text, ":")
	defect := target.Defect{Kind: name}
	kind, found := target.LookupDefect(name)
	switch {
	case !found:
		return defect, fmt.Errorf("there is no such kind of defect; there are %s", strings.Join(sampledDefects(), ", "))
	case kind.Unsampled != "":
		return defect, errors.New(kind.Unsampled)
	}
	var weights []string
	for part := range strings.SplitSeq(settings, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch {
		case settings == "":
		case !found:
			err = fmt.Errorf("%q is not NAME=VALUE", part)
		case slices.Contains(kind.Needs, "weights"):
			weights = append(weights, part)
		case slices.Contains(kind.Needs, name):
			err = setDefect(&defect, name, value)
		case len(kind.Needs) == 0:
			err = fmt.Errorf("%s is not a setting of the defect %q, which has none", name, kind.Name)
		default:
			err = fmt.Errorf("%s is not a setting of the defect %q; it has %s", name, kind.Name, strings.Join(kind.Needs, ", "))
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

func setDefect(defect *target.Defect, name, value string) (err error) {
	switch name {
	case "version":
		defect.Version = value
	case "share":
		defect.Share, err = share(value)
	case "requests":
		if defect.Requests, err = strconv.ParseInt(value, 10, 64); err != nil {
			err = fmt.Errorf("requests=%s is not a number", value)
		}
	}
	return err
}

// sampledDefects are the kinds of defects with which samples are drawn.
func sampledDefects() []string {
	return slices.DeleteFunc(target.DefectNames(), func(name string) bool {
		kind, _ := target.LookupDefect(name)
		return kind.Unsampled != ""
	})
}

// defectHelp is the list of them.
func defectHelp() string {
	var list strings.Builder
	for _, name := range sampledDefects() {
		kind, _ := target.LookupDefect(name)
		fmt.Fprintf(&list, "  %-18s %s\n", name, strings.ReplaceAll(kind.Does, "`", ""))
	}
	return strings.TrimSuffix(list.String(), "\n")
}
