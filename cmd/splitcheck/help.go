package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how many columns the help of flags takes at most.
const helpWidth = 100

// The headings of flags where a command has too many for one list.
const (
	aboutTarget   = "Where"
	aboutWeights  = "Weights of a cluster"
	aboutQuestion = "What is asked"
	aboutRequests = "Requests"
	aboutWay      = "https and addresses, as in curl"
	aboutLoad     = "Load"
	aboutOutput   = "Output"
)

// heading is the annotation of a flag that says which heading it stands under.
const heading = "splitcheck.dev/heading"

// under puts the flags that register makes under a heading of the help.
func under(cmd *cobra.Command, title string, register func()) {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	register()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(known, f.Name) {
			_ = cmd.Flags().SetAnnotation(f.Name, heading, []string{title}) // The flag is there.
		}
	})
}

// wrapHelp makes the help of every command fit.
func wrapHelp(root *cobra.Command) {
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", helpWidth)))
}

// groupHelp shows the flags of a command under their headings, in this order;
// those without one come last.
func groupHelp(cmd *cobra.Command, titles ...string) {
	cmd.InitDefaultHelpFlag()
	var text strings.Builder
	for _, title := range append(titles, "Other") {
		group := pflag.NewFlagSet(title, pflag.ContinueOnError)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			of := "Other"
			if annotated := f.Annotations[heading]; len(annotated) > 0 {
				of = annotated[0]
			}
			if of == title {
				group.AddFlag(f)
			}
		})
		if group.HasFlags() {
			text.WriteString("\n\n" + title + ":\n" + strings.TrimRight(group.FlagUsagesWrapped(helpWidth), "\n"))
		}
	}
	before, rest, _ := strings.Cut(cmd.UsageTemplate(), "{{if .HasAvailableLocalFlags}}")
	_, after, _ := strings.Cut(rest, "{{end}}")
	cmd.SetUsageTemplate(before + text.String() + after)
}
