package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandLine is what to type to get the same report again: the command, its
// flags in their long form, its arguments.
func commandLine(cmd *cobra.Command) []string {
	words := []string{"splitcheck", cmd.Name()}
	words = append(words, cmd.Flags().Args()...)
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if slice, ok := flag.Value.(pflag.SliceValue); ok {
			for _, value := range slice.GetSlice() {
				words = append(words, "--"+flag.Name, value)
			}
			return
		}
		words = append(words, "--"+flag.Name+"="+flag.Value.String())
	})
	return words
}
