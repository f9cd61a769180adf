package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/splitcheck/splitcheck/internal/outward"
)

// streams is what the program has of its surroundings.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// outTTY and errTTY say whether a person looks at the stream.
	outTTY, errTTY bool
	// width is the terminal's, in columns, or that of COLUMNS; 0 if there is none.
	width int
	// columns is how wide the terminal of err is now; nil if err is none that knows
	// codes.
	columns func() int
	// color is allowed unless NO_COLOR (https://no-color.org) is set.
	color bool
	// locale is that of messages, such as "zh_CN.UTF-8".
	locale string
	// workDir is the folder that relative paths start from.
	workDir string
	// secrets are the credentials of this invocation.
	secrets *outward.Secrets
}

// guarded returns the streams with what is written made harmless, and with the
// credentials that the arguments hold.
func (s streams) guarded(args []string) streams {
	s.out, s.err, s.secrets = outward.NewWriter(s.out), outward.NewWriter(s.err), secretsOf(args)
	return s
}

// drawn is a stream for what moves the cursor of a terminal or has colours, and has
// been made harmless word by word. Where there is no terminal it is the stream itself.
func drawn(stream io.Writer, tty bool) io.Writer {
	if guarded, is := stream.(*outward.Writer); is && tty {
		return guarded.Unwrap()
	}
	return stream
}

// systemStreams are the process's own. None of them is waited for after ctx has
// ended.
func systemStreams(ctx context.Context) streams {
	s := streams{
		in:     newAwaitedReader(ctx, os.Stdin),
		out:    &headWriter{to: &awaitedWriter{ctx: ctx, to: os.Stdout}},
		err:    &headWriter{to: &awaitedWriter{ctx: ctx, to: os.Stderr}},
		outTTY: term.IsTerminal(int(os.Stdout.Fd())),
		errTTY: term.IsTerminal(int(os.Stderr.Fd())),
		color:  os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
	s.locale = cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && s.width == 0 {
			s.width = width
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 && s.width == 0 {
		s.width = columns
	}
	if s.errTTY && os.Getenv("TERM") != "dumb" {
		s.columns = func() int {
			if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && width > 0 {
				return width
			}
			return 80
		}
	}
	s.workDir, _ = os.Getwd()
	return s
}
