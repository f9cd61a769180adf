package appimage

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/splitcheck/splitcheck/internal/apps"
)

// drain is how long, in seconds, an application continues to serve after its
// pod was told to end. Until every proxy and kube-proxy knows that the pod is
// no longer an endpoint, they still send requests to it. The usual solution, a
// hook that sleeps, needs a shell, which the image does not have.
const drain = 5

// run makes a container run an application of the image. What belonged to the
// original program is removed: its command, its folder, and hooks and probes
// that start programs which this image does not have.
func (i *Image) run(c *corev1.Container, app, version string) {
	port := portOf(c, app)
	c.Image = i.Ref
	c.ImagePullPolicy = corev1.PullIfNotPresent
	c.Command = nil
	c.WorkingDir = ""
	c.Args = []string{"app", app, "--version", version, "--listen", fmt.Sprintf(":%d", port), "--drain", fmt.Sprintf("%ds", drain)}
	setEnv(c, corev1.EnvVar{Name: "POD_NAMESPACE", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"},
	}})
	if app == "productpage" {
		// Sessions are signed. There is one key for the Deployment, not one for
		// each pod, because a session must be valid at every replica that its
		// next request may reach.
		setEnv(c, corev1.EnvVar{Name: "SESSION_KEY", Value: i.sessionKey})
	}
	dropExec(c)
	if c.ReadinessProbe == nil {
		c.ReadinessProbe = readiness(app, version, port)
	}
	if c.SecurityContext == nil {
		c.SecurityContext = securityContext()
	}
}

// portOf is the first TCP port that a container names; a container need not name
// any, and then listens where the application does.
func portOf(c *corev1.Container, app string) int32 {
	for _, port := range c.Ports {
		if port.Protocol == "" || port.Protocol == corev1.ProtocolTCP {
			return port.ContainerPort
		}
	}
	profile, _ := apps.Info(app)
	return int32(profile.Port)
}

// setEnv adds a variable that the manifest does not set itself.
func setEnv(c *corev1.Container, variable corev1.EnvVar) {
	if !slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == variable.Name }) {
		c.Env = append(c.Env, variable)
	}
}

// dropExec removes what would start programs of the original image.
func dropExec(c *corev1.Container) {
	for _, probe := range []**corev1.Probe{&c.LivenessProbe, &c.ReadinessProbe, &c.StartupProbe} {
		if *probe != nil && (*probe).Exec != nil {
			*probe = nil
		}
	}
	if c.Lifecycle == nil {
		return
	}
	for _, hook := range []**corev1.LifecycleHandler{&c.Lifecycle.PostStart, &c.Lifecycle.PreStop} {
		if *hook != nil && (*hook).Exec != nil {
			*hook = nil
		}
	}
	if c.Lifecycle.PostStart == nil && c.Lifecycle.PreStop == nil {
		c.Lifecycle = nil
	}
}

// readiness requests a page, so a pod that is ready does answer. But a busy
// machine must not make a working pod unready: this would change the very
// shares that are measured. So the first answer counts at once, and only many
// failures make the pod unready again.
func readiness(app, version string, port int32) *corev1.Probe {
	probe := &corev1.Probe{PeriodSeconds: 2, TimeoutSeconds: 5, FailureThreshold: 15}
	if path, ok := probePath(app, version); ok {
		probe.HTTPGet = &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}
	} else {
		probe.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}
	}
	return probe
}

// probePath is a path that an application answers with 200 whenever it runs,
// without calling any other application. ratings v-unhealthy has none: it is
// meant to report at times that it is unhealthy, and to get traffic
// nevertheless.
func probePath(app, version string) (path string, ok bool) {
	switch {
	case app == "nginx":
		return "/", true
	case app == "ratings" && version == "v-unhealthy":
		return "", false
	default:
		return "/health", true
	}
}

// securityContext takes away every right of root except that to use ports below
// 1024, which bundles use.
func securityContext() *corev1.SecurityContext {
	yes, no := true, false
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no,
		ReadOnlyRootFilesystem:   &yes,
		Capabilities: &corev1.Capabilities{
			Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_BIND_SERVICE"},
		},
	}
}
