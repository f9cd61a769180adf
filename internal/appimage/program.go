package appimage

import (
	"context"
	"fmt"
	"strings"
)

// A program is what the image runs: its files, and where they came from.
type program struct {
	path  string
	files []file
	// libraryPath is where in the image its libraries are, if it needs any.
	libraryPath string
	note        string
}

// findProgram takes the first program that runs on a node: the one that the
// user named, the running program, or the running program's module built for
// the nodes.
func findProgram(ctx context.Context, o Options) (program, error) {
	if o.Binary != "" {
		found, err := fit(o.Binary, o)
		if err != nil {
			return program{}, fmt.Errorf("%s: %w; give one for linux/%s, built with CGO_ENABLED=0", BinaryVariable, err, o.Arch)
		}
		found.note = "the applications run " + o.Binary
		return found, nil
	}
	found, unfit := fit(o.Executable, o)
	if unfit == nil {
		return found, nil
	}
	built, reasons := compile(ctx, o)
	if built != "" {
		found, err := fit(built, o)
		if err != nil {
			return program{}, fmt.Errorf("what the Go toolchain built does not run on the nodes: %w", err)
		}
		found.note = "the applications run " + built + ", which was built for the nodes"
		return found, nil
	}
	if err := ctx.Err(); err != nil {
		return program{}, err
	}
	return program{}, fmt.Errorf("the applications run in pods of linux/%s, and this splitcheck cannot: %w.\n"+
		"It could not be built for them either:\n%s\n"+
		"Set %s to the path of a splitcheck for linux/%s, such as `CGO_ENABLED=0 GOOS=linux GOARCH=%[4]s go build ./cmd/splitcheck` makes, "+
		"or use the published images (apps: upstream)",
		o.Arch, unfit, "  - "+strings.Join(reasons, "\n  - "), BinaryVariable, o.Arch)
}
