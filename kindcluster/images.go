package kindcluster

import (
	"context"
	"fmt"
	"strings"
)

// nodeImages are those that the release notes of kind v0.33.0, which go.mod
// requires, list as built for it, the newest Kubernetes first, each with its
// digest: a tag is built anew for another kind, and an image for another kind need
// not start. A test holds the first to what that kind takes by itself, so that
// whoever upgrades kind comes by here.
var nodeImages = []string{
	"kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5",
	"kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed",
	DefaultNodeImage,
	olderNodeImage,
}

//differential:elsewhere test test/e2e/TestTargetOnKind
const (
	// DefaultNodeImage is the Kubernetes in the middle of those that the pinned
	// release of Istio supports.
	DefaultNodeImage = "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"
	// olderNodeImage is taken instead of it on cgroup v1: from 1.35 on the kubelet
	// refuses to start there.
	olderNodeImage = "kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d"
)

// cgroups says which version of cgroup Docker runs containers in: "1" or "2".
func cgroups(ctx context.Context) (string, error) {
	version, err := run(ctx, dockerTimeout, "docker", "info", "--format", "{{.CgroupVersion}}")
	if err != nil {
		return "", fmt.Errorf("docker info: %w", err)
	}
	return strings.TrimSpace(version), nil
}

// startable is a configuration whose node image starts on that version of cgroup.
// An image that a file names is its user's choice.
func (c Config) startable(cgroup string) Config {
	if c.NodeImage == DefaultNodeImage && cgroup == "1" {
		c.NodeImage = olderNodeImage
	}
	return c
}

// here is a configuration as it is used on this machine.
func (c Config) here(ctx context.Context) (Config, error) {
	if c.NodeImage != DefaultNodeImage {
		return c, nil
	}
	cgroup, err := cgroups(ctx)
	return c.startable(cgroup), err
}
