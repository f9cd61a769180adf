package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/reports"
)

func newReport(std streams) *cobra.Command {
	output := outputFlags{std: std}
	cmd := &cobra.Command{
		Use:   "report FILE|-",
		Short: "Show a saved report, or write it in another format",
		Long: `report reads a report that -o json has written, and writes it in any format. It does
not judge anything again, and ends with the exit code of the run that made the report.`,
		Example: `  splitcheck run version-test-90-10 -o json=report.json
  splitcheck report report.json
  splitcheck report report.json -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			saved, err := readReport(std, args[0])
			if err != nil {
				return usagef("%s: %w", args[0], err)
			}
			out, err := output.open()
			if err != nil {
				return err
			}
			if err := out.write(saved); err != nil {
				return notMeasured(err)
			}
			return exitWith(saved.ExitCode())
		},
	}
	output.register(cmd)
	return cmd
}

func readReport(std streams, name string) (*reports.Report, error) {
	in, err := openInput(std, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return reports.Read(in)
}

// openInput opens a file by the name that the user typed, or standard input
// for "-".
func openInput(std streams, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(std.in), nil
	}
	file, err := os.Open(absolute(std, name))
	if err != nil {
		return nil, reason(err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, errors.New("is a folder; name a file")
	}
	return file, nil
}
