package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// registerSettle makes the flag --settle.
func registerSettle(cmd *cobra.Command, to *time.Duration, what string) {
	cmd.Flags().DurationVar(to, "settle", defaultSettle, what)
}

func checkSettle(settle time.Duration) error {
	if settle < 0 || settle > longest {
		return fmt.Errorf("--settle %s is not between 0 and 1h", settle)
	}
	return nil
}
