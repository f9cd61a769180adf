package appimage

import (
	"context"
	"fmt"
	"strings"
)

// A program is what the image runs, and where it came from.
type program struct{ path, note string }

// findProgram takes the first program that runs on a node: the one that the
// user named, the running program, or the running program's module built for
// the nodes.
func findProgram(ctx context.Context, o Options) (program, error) {
	if o.Binary != "" {
		if err := fit(o.Binary, o.Arch); err != nil {
			return program{}, fmt.Errorf("%s: %w; give one for linux/%s, built with CGO_ENABLED=0", BinaryVariable, err, o.Arch)
		}
		return program{o.Binary, "the applications run " + o.Binary}, nil
	}
	unfit := fit(o.Executable, o.Arch)
	if unfit == nil {
		return program{path: o.Executable}, nil
	}
	built, reasons := compile(ctx, o)
	if built != "" {
		if err := fit(built, o.Arch); err != nil {
			return program{}, fmt.Errorf("what the Go toolchain built does not run on the nodes: %w", err)
		}
		return program{built, "the applications run " + built + ", which was built for the nodes"}, nil
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
