package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mergedFlags are lists that may be given in several parts, as
// --expect v1=90 --expect v2=10; a version that two of them name is refused where
// they are read.
var mergedFlags = []string{"expect", "counts", "margin", "truth"}

// onlyOnce has every flag of cmd and of its subcommands refuse a second value, or
// take it into its list: the flag library lets the last one win in silence.
func onlyOnce(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); list || f.Value.Type() == "bool" {
			return
		}
		if f.DefValue == "0s" {
			f.DefValue = "0" // which help leaves out, whatever the type of the value
		}
		f.Value = &onceValue{Value: f.Value, name: f.Name, merged: slices.Contains(mergedFlags, f.Name)}
	})
	for _, each := range cmd.Commands() {
		onlyOnce(each)
	}
}

// A onceValue is the value of a flag that is given once, or in parts.
type onceValue struct {
	pflag.Value
	name   string
	merged bool
	given  bool
}

// Set implements pflag.Value.
func (v *onceValue) Set(text string) error {
	if v.merged {
		if sign := fullWidth(text); sign != "" {
			return refused("--%s has the full-width sign %s; write %s", v.name, sign, plainSigns[sign])
		}
	}
	if v.given && v.merged {
		return v.Value.Set(v.Value.String() + "," + text)
	}
	if v.given {
		return refused("--%s is given twice; give it once", v.name)
	}
	v.given = true
	if err := v.Value.Set(text); err != nil {
		return v.inWords(text, err)
	}
	return nil
}

// inWords says what is wrong with a number without the words of the library that
// has read it.
func (v *onceValue) inWords(text string, err error) error {
	switch kind := v.Type(); {
	case errors.Is(err, strconv.ErrRange):
		return refused("--%s %s is too large", v.name, text)
	case kind == "float64" && v.name == "rate":
		return refused("--rate %q is not a number; it is in requests per second, such as --rate 50", text)
	case kind == "float64":
		return refused("--%s %q is not a number", v.name, text)
	case kind == "duration":
		return refused("--%s %q is not a length of time; write it with its unit, such as 500ms, 10s or 2m", v.name, text)
	case strings.HasPrefix(kind, "int"):
		return refused("--%s %q is not a whole number", v.name, text)
	case strings.HasPrefix(kind, "uint"):
		return refused("--%s %q is not a whole number from 0 on", v.name, text)
	}
	return err
}

// plainSigns are those that a Chinese or Japanese keyboard has in a full-width form
// and that lists are written with.
var plainSigns = map[string]string{"，": ",", "、": ",", "＝": "=", "％": "%", "；": ",", "：": "="}

// fullWidth is the first full-width sign in a text, or empty.
func fullWidth(text string) string {
	for _, r := range text {
		if plainSigns[string(r)] != "" {
			return string(r)
		}
	}
	return ""
}

// A refusedValue says why the value of a flag is refused. It repeats none but
// numbers: others may be a password.
type refusedValue string

func (r refusedValue) Error() string { return string(r) }

func refused(format string, args ...any) error { return refusedValue(fmt.Sprintf(format, args...)) }
