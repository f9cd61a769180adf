package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kind/pkg/cluster"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/strict"
)

// Options say what to create, and where our files may be.
type Options struct {
	Config Config
	// CacheDir is a folder of splitcheck's own for the kubeconfig and for
	// downloads.
	CacheDir string
	// Steps is called for each step; nil for silence.
	Steps Steps
}

// Steps is called when a step begins; the function that it returns is called
// when the step ends, with nil or with its error.
type Steps func(what string) (done func(error))

// A Cluster is running, with its mesh.
type Cluster struct {
	Name string
	// Kubeconfig is a file with this cluster alone; Context is its context.
	Kubeconfig, Context string
	REST                *rest.Config
	Ports               Ports
	// Versions are the versions that run there, by name: "kubernetes", "istio".
	Versions map[string]string
	// Made says that this call has created it; otherwise it existed.
	Made bool

	provider *cluster.Provider
}

// Up creates the cluster, or uses the existing one of that name if it was made
// with the same configuration. It returns when a request has gone through the
// cluster's gateway. A cluster that is not finished, because of an error or
// because ctx ended, is removed again.
func Up(ctx context.Context, o Options) (*Cluster, error) {
	if o.Steps == nil {
		o.Steps = func(string) func(error) { return func(error) {} }
	}
	overlays, err := o.read()
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		Name: o.Config.Name, Context: "kind-" + o.Config.Name,
		Kubeconfig: filepath.Join(o.CacheDir, o.Config.Name+".kubeconfig"),
		provider:   cluster.NewProvider(cluster.ProviderWithDocker()),
	}
	u := &up{Options: o, cluster: c, freePorts: freePorts}
	if err := u.step(ctx, "Docker answers", dockerAnswers); err != nil {
		return nil, err
	}
	if u.Config, err = o.Config.here(ctx); err != nil {
		return nil, err
	}
	u.state.Fingerprint = u.Config.fingerprint(overlays)
	known, err := there(ctx, c.provider, c.Name)
	if err != nil {
		return nil, err
	}
	if known {
		if err := u.step(ctx, fmt.Sprintf("Cluster %q exists", c.Name), u.reuse); err != nil {
			return nil, err
		}
		return c, nil
	}
	// Mistakes that can be found at once are found before minutes are spent.
	if err := u.step(ctx, "istioctl "+o.Config.Istio.Tag, u.findIstioctl); err != nil {
		return nil, err
	}
	c.Made = true
	if err := u.make(ctx); err != nil {
		return nil, u.undo(ctx, err)
	}
	return c, nil
}

// read reads the files that the configuration names and that this room passes
// on, so a missing file is noticed at once.
func (o Options) read() (overlays [][]byte, err error) {
	var missing []error
	for _, file := range o.Config.Istio.Overlays {
		text, err := os.ReadFile(file)
		if err != nil {
			missing = append(missing, fmt.Errorf("istio.overlays: %w", err))
		}
		if err == nil && !hasObjects(file, text) {
			// istioctl would show what is in it.
			missing = append(missing, fmt.Errorf("istio.overlays: %s is not YAML of the kind IstioOperator", file))
		}
		overlays = append(overlays, text)
	}
	if !isURL(o.Config.CRDs) {
		if _, err := os.Stat(o.Config.CRDs); err != nil {
			missing = append(missing, fmt.Errorf("gatewayAPI.crds: %w", err))
		}
	}
	if file := o.Config.Istio.Istioctl; file != "" {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, fmt.Errorf("istio.istioctl: %w", err))
		}
	}
	if err := os.MkdirAll(o.CacheDir, 0o755); err != nil {
		missing = append(missing, diskFull(o.CacheDir, err))
	}
	if err := room(o.CacheDir); err != nil {
		missing = append(missing, err)
	}
	return overlays, errors.Join(missing...)
}

// hasObjects says whether a file holds documents that say what they are, and nothing
// else.
func hasObjects(file string, text []byte) bool {
	r := &strict.Reader{File: file}
	documents := r.Documents(text)
	return r.Found.Err() == nil && len(documents) > 0 && !slices.ContainsFunc(documents, func(n *yaml.Node) bool { return len(n.Content) == 0 })
}

// room checks whether the cache folder has space for a kubeconfig, which is a
// few kilobytes, before minutes are spent.
func room(dir string) error {
	file, err := os.CreateTemp(dir, "room-*")
	if err != nil {
		return diskFull(dir, err)
	}
	_, err = file.Write(make([]byte, 64<<10))
	return diskFull(dir, errors.Join(err, file.Close(), os.Remove(file.Name())))
}

// up is one call of Up.
type up struct {
	Options
	cluster  *Cluster
	kube     *kube.Client
	state    state
	istioctl string
	// freePorts finds the ports to map.
	freePorts func() (Ports, error)
}

func (u *up) step(ctx context.Context, what string, do func(context.Context) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done := u.Steps(what)
	err := do(ctx)
	done(err)
	return err
}

// make creates a cluster from nothing, step by step.
func (u *up) make(ctx context.Context) error {
	c := u.Config
	type step struct {
		what string
		do   func(context.Context) error
	}
	steps := []step{
		{"Nodes and Kubernetes from " + c.NodeImage, u.create},
		{"Nodes are ready", u.nodesReady},
	}
	for _, image := range c.Images {
		steps = append(steps, step{"Image " + image, func(ctx context.Context) error { return u.cluster.loadLocal(ctx, image) }})
	}
	steps = append(steps,
		step{"Gateway API", u.gatewayAPI},
		step{"Istio " + c.Istio.Tag, u.install},
		step{"Istio is ready", u.istioReady},
		step{"A request goes through the gateway", u.trial},
	)
	for _, each := range steps {
		if err := u.step(ctx, each.what, each.do); err != nil {
			return err
		}
	}
	return u.remember(ctx)
}

// reuse connects to an existing cluster and makes sure that it works. If its
// nodes have only just started, for example after the machine was restarted,
// reuse waits for the cluster: until then the API server does not answer, or
// reports pods as they were before.
func (u *up) reuse(ctx context.Context) error {
	since, err := u.started(ctx)
	if err != nil {
		return err
	}
	if err := u.connect(ctx); err != nil {
		return err
	}
	var known *state
	err = await(ctx, Wait{"the cluster to answer", startTimeout}, func(ctx context.Context) (_ string, err error) {
		known, err = recall(ctx, u.kube)
		return "", err
	})
	if err != nil {
		return fmt.Errorf("%w\nmake room for a new cluster with `splitcheck cluster down --name %s`", err, u.Config.Name)
	}
	if known == nil {
		return fmt.Errorf("there is a kind cluster %q that splitcheck has not made, or not finished; choose another name in the configuration file, or remove it: splitcheck cluster down --name %s", u.Config.Name, u.Config.Name)
	}
	if another := known.differs(u.Config, u.state.Fingerprint); another != "" {
		return errors.New(another)
	}
	u.state = *known
	u.cluster.Ports, u.cluster.Versions = known.Ports, known.Versions
	return u.inItsWords(ctx, u.works(ctx, since))
}

// works makes sure that a cluster of ours works. since is when each of its
// nodes started.
func (u *up) works(ctx context.Context, since map[string]time.Time) error {
	stale := false
	err := await(ctx, Wait{"the pods to have started after their node", startTimeout}, func(ctx context.Context) (string, error) {
		open, err := outdated(ctx, u.kube, since)
		stale = stale || open != "" || err != nil
		return open, err
	})
	if err != nil {
		return err
	}
	if err := u.istioReady(ctx); err != nil || !stale {
		return err
	}
	if err := u.nodesReady(ctx); err != nil {
		return err
	}
	return u.trial(ctx)
}
