package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splitcheck/splitcheck/internal/outward"
)

// commandLine is what to type to get the same report again: the command, its
// flags in their long form, its arguments. Reports are shown around and kept by
// CI, so passwords, cookies and the like are not in it.
func commandLine(cmd *cobra.Command) []string {
	words := []string{"splitcheck", cmd.Name()}
	for _, arg := range cmd.Flags().Args() {
		words = append(words, outward.URL(arg))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if slice, ok := flag.Value.(pflag.SliceValue); ok {
			for _, value := range slice.GetSlice() {
				words = append(words, "--"+flag.Name, withoutSecret(flag.Name, value))
			}
			return
		}
		if flag.Value.Type() == "bool" && flag.Value.String() == "true" {
			words = append(words, "--"+flag.Name)
			return
		}
		words = append(words, "--"+flag.Name+"="+withoutSecret(flag.Name, flag.Value.String()))
	})
	return words
}
