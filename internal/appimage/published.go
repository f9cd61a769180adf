package appimage

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/splitcheck/splitcheck/internal/apps"
)

// bookinfo are the applications of that example, all of which answer /health.
var bookinfo = []string{"productpage", "details", "reviews", "ratings"}

// ProbePublished gives a readiness probe to each container of a Deployment that
// runs a published image of a known application and has none. The authors'
// manifests have no probes, so their pods are ready before the program in them
// listens. This takes many seconds for bookinfo's reviews, a Java server, and
// requests sent to it until then would fail and be counted. If a container is
// on a port that is not the application's own, somebody has configured it, and
// it is left alone.
func ProbePublished(u *unstructured.Unstructured) error {
	deployment, err := deploymentOf(u)
	if deployment == nil || err != nil {
		return err
	}
	containers := deployment.Spec.Template.Spec.Containers
	changed := false
	for n := range containers {
		c := &containers[n]
		app, version, known := apps.ForImage(c.Image)
		if !known || unpublished(c.Image) || c.ReadinessProbe != nil || c.StartupProbe != nil {
			continue
		}
		profile, _ := apps.Info(app)
		// A container that does not name its port may still have changed it.
		if port := int32(profile.Port); len(c.Ports) > 0 && portOf(c, app) == port {
			c.ReadinessProbe = publishedReadiness(app, version, port)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return store(u, containers)
}

// publishedReadiness requests a page from bookinfo's applications, because
// reviews listens before it can serve its pages. For the others it checks only
// that they listen.
func publishedReadiness(app, version string, port int32) *corev1.Probe {
	probe := readiness(app, version, port)
	if !slices.Contains(bookinfo, app) {
		probe.HTTPGet = nil
		probe.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}
	}
	return probe
}
