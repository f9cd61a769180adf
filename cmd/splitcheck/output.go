package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
)

// outputFlags say in which forms a report is written and where.
type outputFlags struct {
	formats []string
	verbose bool
	languageFlag
	std streams
}

func (f *outputFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.formats, "output", "o", nil, outputUsage(reportKind.built())+"; repeatable")
	reportKind.complete(cmd)
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show every check in full, with all statistics")
	f.languageFlag.register(cmd)
}

// outputs are where a report will go. They are tried before anything is sent, so
// that no measurement is lost to a mistyped path.
type outputs struct {
	std      streams
	verbose  bool
	language *words.Language
	// taken says that standard output holds a document, and the table for
	// people goes to standard error.
	taken  bool
	stdout reports.Format[*reports.Report]
	files  []*reportFile
}

// reportFile is a file and the form of the report in it.
type reportFile struct {
	*outputFile
	format reports.Format[*reports.Report]
}

// open reads the flags and tries the files; the error holds every mistake.
func (f *outputFlags) open(ctx context.Context) (*outputs, error) {
	out := &outputs{std: f.std, verbose: f.verbose}
	var mistakes []string
	var err error
	if out.language, err = f.read(f.std); err != nil {
		mistakes = append(mistakes, err.Error())
	}
	for _, text := range f.formats {
		name, path, toFile := strings.Cut(text, "=")
		format, err := out.format(name, toFile)
		switch {
		case err != nil:
			mistakes = append(mistakes, fmt.Sprintf("-o %s: %v", text, err))
		case toFile && path == "":
			mistakes = append(mistakes, fmt.Sprintf("-o %s: the file's name is missing", text))
		case toFile:
			file, err := openOutput(ctx, absolute(f.std, path))
			if errors.Is(err, context.Canceled) {
				return nil, err
			}
			if err != nil {
				mistakes = append(mistakes, fmt.Sprintf("-o %s: %v", text, err))
				continue
			}
			if file.inPlace == nil && slices.ContainsFunc(out.files, func(other *reportFile) bool { return other.path == file.path }) {
				mistakes = append(mistakes, fmt.Sprintf("-o %s: %s is already taken; give each report its own file", text, path))
			}
			out.files = append(out.files, &reportFile{file, format})
		case out.stdout != nil:
			mistakes = append(mistakes, fmt.Sprintf("-o %s: standard output is already taken; write the others to files, such as -o %s=FILE", text, name))
		default:
			out.stdout, out.taken = format, name != "text"
		}
	}
	if len(mistakes) > 0 {
		for _, each := range out.files {
			each.close()
		}
		return nil, usagef("%s", strings.Join(mistakes, "\n"))
	}
	return out, nil
}

func (o *outputs) format(name string, toFile bool) (reports.Format[*reports.Report], error) {
	options := terminal.Options{Verbose: o.verbose, Language: o.language}
	if !toFile {
		options = o.options(o.std.outTTY)
	}
	return reportKind.format(name, options)
}

func (o *outputs) options(tty bool) terminal.Options {
	return terminal.Options{Color: tty && o.std.color, Width: o.std.width, Verbose: o.verbose, Language: o.language}
}

// people is the stream for the table and the progress.
func (o *outputs) people() (w io.Writer, tty bool) {
	if o.taken {
		return drawn(o.std.err, o.std.errTTY), o.std.errTTY
	}
	return drawn(o.std.out, o.std.outTTY), o.std.outTTY
}

// write renders report everywhere it was asked for, whatever fails on the way. The
// text for people comes last: it ends with the exit code, which is another one
// where a report is missing.
func (o *outputs) write(report *reports.Report) error {
	var failures []error
	for _, each := range o.files {
		failures = append(failures, each.write(func(w io.Writer) error { return each.format(outward.NewWriter(w), report) }))
	}
	w, tty := o.people()
	if o.taken {
		failures = append(failures, o.stdout(drawn(o.std.out, o.std.outTTY), report))
	}
	options := o.options(tty)
	options.Unwritten = errors.Join(failures...) != nil
	failures = append(failures, terminal.Text(options)(w, report))
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func absolute(std streams, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(std.workDir, path)
}
