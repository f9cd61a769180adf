// Package clusterdump gathers in one archive, which can be shown to others,
// what helps to find out why a split on a cluster went wrong: objects and their
// states, events, the last lines of logs, the routes that proxies carry, and
// istiod's view.
//
// It changes nothing and decides nothing. It contains no secrets: Secrets are
// never read, and what looks like a secret elsewhere is blacked out. If a part
// is not available, the archive says so, and the other parts are still in it.
package clusterdump

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// Command is what a message about a failed run points to.
const Command = "splitcheck cluster diagnose"

// Options say what to gather, and from where.
type Options struct {
	// REST is how the cluster is reached. It may be nil when Client is given.
	REST   *rest.Config
	Client *kube.Client
	// Proxies asks the Envoys; without it, and without REST, none is asked.
	Proxies Proxies
	// Versions are the versions that the caller knows, by program.
	Versions map[string]string
	// Extra are further texts, by their names in the archive, such as what
	// `istioctl analyze` says or the logs of kind's nodes. They are blacked out
	// as all texts are.
	Extra map[string]func(context.Context) ([]byte, error)
}

// Proxies is what is asked of the Envoys in pods; proxies.Reader does it.
type Proxies interface {
	List(ctx context.Context, namespaces ...string) ([]proxies.Proxy, error)
	Admin(ctx context.Context, p proxies.Proxy, path string) ([]byte, error)
	Debug(ctx context.Context, istiod proxies.Proxy, path string) ([]byte, error)
}

// Write writes the archive, a compressed tar, to w. It fails only if w fails or
// if no client could be made; whatever else fails is recorded in index.txt.
func Write(ctx context.Context, o Options, w io.Writer) error {
	if err := o.connect(); err != nil {
		return err
	}
	if reader, ours := o.Proxies.(*proxies.Reader); ours {
		defer reader.Close()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTimeout, fmt.Errorf("all of it was not there after %v", wholeTimeout))
	defer cancel()
	d := &dump{Options: o, parts: map[string][]byte{}, failed: map[string]error{}}
	d.versions(ctx)
	d.objects(ctx)
	d.logs(ctx)
	d.proxies(ctx)
	d.istiod(ctx)
	for name, get := range o.Extra {
		d.text(ctx, "extra/"+name, get)
	}
	d.parts["index.txt"] = d.index()
	return d.write(w)
}

func (o *Options) connect() (err error) {
	if o.Client == nil {
		if o.Client, err = kube.New(o.REST); err != nil {
			return fmt.Errorf("reaching the cluster: %w", err)
		}
	}
	if o.Proxies == nil && o.REST != nil {
		if o.Proxies, err = proxies.NewReader(o.REST); err != nil {
			return fmt.Errorf("reaching the cluster's proxies: %w", err)
		}
	}
	return nil
}

// A dump is an archive that is being gathered: its parts by name, and what was
// not available.
type dump struct {
	Options
	parts  map[string][]byte
	failed map[string]error
}

// part asks one question, within the time that one question may take.
func (d *dump) part(ctx context.Context, name string, get func(context.Context) ([]byte, error)) {
	ctx, cancel := context.WithTimeoutCause(ctx, partTimeout, fmt.Errorf("no answer within %v", partTimeout))
	defer cancel()
	content, err := get(ctx)
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
	}
	if err != nil {
		d.failed[name] = err
		return
	}
	d.parts[name] = content
}

// text is a part that is not an object: all of it is searched for secrets.
func (d *dump) text(ctx context.Context, name string, get func(context.Context) ([]byte, error)) {
	d.part(ctx, name, func(ctx context.Context) ([]byte, error) {
		content, err := get(ctx)
		return []byte(redactText(string(content))), err
	})
}

// index says which part is where, and what is missing.
func (d *dump) index() []byte {
	var b strings.Builder
	b.WriteString(`What a cluster says of itself, gathered by ` + Command + `.
Secrets were never read; what looks like one elsewhere reads ` + redacted + `.

versions.txt        splitcheck, Kubernetes and what else is known
nodes.yaml          nodes and their conditions
objects/            routes, gateways and their status, by API group and kind
namespaces/NS/      Deployments, Services, EndpointSlices, pods, events; logs/ has the last lines
webhooks.txt        admission webhooks, by name
proxies/NS/POD/     what an Envoy carries: routes, clusters, listeners
istiod/             what istiod knows of the proxies
extra/              what other programs said

In this archive:
`)
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		fmt.Fprintf(&b, "  %s\n", name)
	}
	if len(d.failed) > 0 {
		b.WriteString("\nCould not be had:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(d.failed)) {
		fmt.Fprintf(&b, "  %s: %s\n", name, redactText(d.failed[name].Error()))
	}
	return []byte(b.String())
}

func (d *dump) write(w io.Writer) error {
	compressed := gzip.NewWriter(w)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		content := d.parts[name]
		header := &tar.Header{Typeflag: tar.TypeReg, Name: "splitcheck-diagnose/" + name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}
