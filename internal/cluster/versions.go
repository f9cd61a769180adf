package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// Versions returns what runs in a cluster by name: "kubernetes", "istio", and "envoy"
// as the first gateway or sidecar that answers says it. It is an error if the
// cluster does not answer or has no control plane.
func Versions(ctx context.Context, config *rest.Config) (map[string]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("no answer within %s", answerTimeout))
	defer cancel()
	client, err := kube.New(config)
	if err != nil {
		return nil, err
	}
	version, err := client.Version(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("the cluster at %s does not answer: %w", config.Host, err)
	}
	versions := map[string]string{"kubernetes": version}
	planes, err := ingress.FindIstio(ctx, client)
	if err != nil {
		return nil, err
	}
	versions["istio"] = planes[0].Version
	look, err := proxies.NewReader(config)
	if err != nil {
		return nil, err
	}
	defer look.Close()
	// That of a proxy is good to know, and no reason to fail.
	if list, err := look.List(ctx, planes[0].Namespace); err == nil && len(list) > 0 {
		if answer, err := look.Admin(ctx, list[0], "/server_info"); err == nil {
			var info struct{ Version string }
			_ = json.Unmarshal(answer, &info)
			// COMMIT/1.39.3/Clean/RELEASE/BoringSSL
			if parts := strings.Split(info.Version, "/"); len(parts) > 1 {
				versions["envoy"] = parts[1]
			}
		}
	}
	return versions, nil
}
