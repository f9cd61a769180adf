package main

import (
	"context"
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
		Args: one("the file of a saved report, or - for standard input,"),
		RunE: func(cmd *cobra.Command, args []string) error {
			saved, err := readReport(cmd.Context(), std, args[0])
			if err != nil {
				return usagef("%s: %w", args[0], err)
			}
			out, err := output.open(cmd.Context())
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

func readReport(ctx context.Context, std streams, name string) (*reports.Report, error) {
	in, err := openInput(ctx, std, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return reports.Read(in)
}

// openInput opens a file by the name that the user typed, or standard input
// for "-". Neither opening a pipe nor reading from it outlasts ctx.
func openInput(ctx context.Context, std streams, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(std.in), nil
	}
	file, err := await(ctx, func() (*os.File, error) { return os.Open(absolute(std, name)) })
	if err != nil {
		return nil, reason(err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, errors.New("is a folder; name a file")
	}
	return struct {
		io.Reader
		io.Closer
	}{newAwaitedReader(ctx, file), file}, nil
}
