package main

import (
	"fmt"
	"slices"

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
	if v.given && v.merged {
		return v.Value.Set(v.Value.String() + "," + text)
	}
	if v.given {
		return givenTwice{v.name}
	}
	v.given = true
	return v.Value.Set(text)
}

// givenTwice does not repeat the values: they may be a password.
type givenTwice struct{ flag string }

func (g givenTwice) Error() string { return fmt.Sprintf("--%s is given twice; give it once", g.flag) }
