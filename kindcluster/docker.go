package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	kindexec "sigs.k8s.io/kind/pkg/exec"
)

// The NodePorts that are mapped to ports of this machine when the cluster is
// created. None can be added later.
const (
	GatewayNodePort    = 30080 // the ingress gateway
	ServiceNodePort    = 30081 // what `via: service/NAME` enters
	GatewayAPINodePort = 30082 // a gateway that was made for a Gateway
)

// Ports are the ports of 127.0.0.1 that lead to the NodePorts.
type Ports struct {
	Gateway    int `json:"gateway"`
	Service    int `json:"service"`
	GatewayAPI int `json:"gatewayAPI"`
}

func (p Ports) mappings() []v1alpha4.PortMapping {
	var all []v1alpha4.PortMapping
	for _, each := range []struct{ node, host int }{
		{GatewayNodePort, p.Gateway}, {ServiceNodePort, p.Service}, {GatewayAPINodePort, p.GatewayAPI},
	} {
		all = append(all, v1alpha4.PortMapping{
			ContainerPort: int32(each.node), HostPort: int32(each.host), ListenAddress: "127.0.0.1", Protocol: v1alpha4.PortMappingProtocolTCP,
		})
	}
	return all
}

// freePorts finds three ports of 127.0.0.1 that nobody listens on. All are held
// until the last is found, so they differ.
func freePorts() (Ports, error) {
	var found [3]int
	for i := range found {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return Ports{}, fmt.Errorf("there is no free port on 127.0.0.1: %w", err)
		}
		defer l.Close()
		found[i] = l.Addr().(*net.TCPAddr).Port
	}
	return Ports{found[0], found[1], found[2]}, nil
}

// run runs a program and returns what it printed to standard output. The error
// holds the last lines of what it printed to standard error.
func run(ctx context.Context, wait time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("%s did not end within %s", name, wait))
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	// Child processes that outlive the program must not keep us waiting.
	cmd.WaitDelay = lingering
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if words := lastLines(said.String()+out.String(), 15); words != "" {
			return out.String(), fmt.Errorf("%w:\n%s", err, words)
		}
		return out.String(), err
	}
	return out.String(), nil
}

func lastLines(text string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > most {
		lines = append([]string{"…"}, lines[len(lines)-most:]...)
	}
	return strings.Join(lines, "\n")
}

// dockerAnswers checks whether there is a Docker in which a cluster can be
// created.
func dockerAnswers(ctx context.Context) error {
	_, err := run(ctx, dockerTimeout, "docker", "version", "--format", "{{.Server.Version}}")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the target kind needs Docker, and there is no program `docker` on PATH; install Docker, or use --target sim, which needs nothing")
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("no answer from Docker: %w\nstart Docker (Docker Desktop, or `systemctl start docker`), or use --target sim, which needs nothing", err)
	}
	return err
}

// printed returns the output of a program that kind ran; kind's error does not
// contain it.
func printed(err error) string {
	failed := kindexec.RunErrorForError(err)
	if failed == nil && !errors.As(err, &failed) {
		return ""
	}
	return strings.TrimSpace(string(failed.Output))
}

func portTaken(err error) bool {
	text := err.Error() + printed(err)
	return strings.Contains(text, "port is already allocated") || strings.Contains(text, "address already in use") ||
		strings.Contains(text, "ports are not available")
}

// errForeign is wrapped by the error for a cluster that somebody else has made
// or is making. Such a cluster must not be removed.
var errForeign = errors.New("there is a cluster of that name that this command has not made")

// inWords adds to an error of kind's what to do about it, if that is known.
func inWords(err error, c Config) error {
	text := err.Error()
	if words := printed(err); words != "" {
		text += "\n" + words
		err = fmt.Errorf("%w:\n%s", err, lastLines(words, 15))
	}
	switch {
	case strings.Contains(text, "node(s) already exist for a cluster with the name"):
		return fmt.Errorf("%w: %q; wait for it, or choose another name", errForeign, c.Name)
	case portTaken(err):
		return fmt.Errorf("ports that were free a moment ago were taken before the cluster could have them, twice; run the command again: %w", err)
	case strings.Contains(text, "failed to pull image"):
		return fmt.Errorf("the node image %s is not in the local Docker and cannot be pulled; set nodeImage in the configuration file to one that is available: %w", c.NodeImage, err)
	case errors.Is(err, syscall.ENOSPC), strings.Contains(text, "no space left on device"):
		return fmt.Errorf("the disk is full; `docker system df` shows what Docker uses: %w", err)
	}
	return fmt.Errorf("kind cannot make the cluster: %w", err)
}

// LoadArchive loads an image into every node that lacks it. open returns the
// image as `docker save` writes it; ref is its name with its tag.
func (c *Cluster) LoadArchive(ctx context.Context, open func() (io.ReadCloser, error), ref string) error {
	nodes, err := beside(ctx, Wait{"kind to list the nodes", kindTimeout}, func() ([]nodes.Node, error) { return c.provider.ListInternalNodes(c.Name) })
	if err != nil {
		return fmt.Errorf("kind cannot list the nodes: %w", err)
	}
	for _, node := range nodes {
		_, err := beside(ctx, Wait{fmt.Sprintf("node %s to say whether it has the image", node), kindTimeout}, func() (string, error) { return nodeutils.ImageID(node, ref) })
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A node that does not answer gets the image; loading has a time limit
		// too.
		archive, err := open()
		if err != nil {
			return fmt.Errorf("image %s: %w", ref, err)
		}
		_, err = beside(ctx, Wait{"the node to take it in", imagesTimeout}, func() (struct{}, error) { return struct{}{}, nodeutils.LoadImageArchive(node, archive) })
		// Closing stops a load that is still in progress.
		archive.Close()
		if err != nil {
			return fmt.Errorf("image %s cannot be loaded into node %s: %w", ref, node, err)
		}
	}
	return nil
}

// loadLocal loads an image of the local Docker.
func (c *Cluster) loadLocal(ctx context.Context, image string) error {
	if _, err := run(ctx, dockerTimeout, "docker", "image", "inspect", "--format", "{{.Id}}", image); err != nil {
		return fmt.Errorf("the image %s is not in the local Docker: `docker pull %s`, or remove it from images in the configuration file: %w", image, image, err)
	}
	return c.LoadArchive(ctx, func() (io.ReadCloser, error) { return save(ctx, image) }, image)
}

// save streams an image out of Docker.
func save(ctx context.Context, image string) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, imagesTimeout)
	cmd := exec.CommandContext(ctx, "docker", "save", image)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("docker save %s: %w", image, err)
	}
	return &saved{ReadCloser: out, end: func() { cancel(); _ = cmd.Wait() }}, nil
}

type saved struct {
	io.ReadCloser
	end func()
}

// Close also ends docker's program.
func (s *saved) Close() error {
	err := s.ReadCloser.Close()
	s.end()
	return err
}
