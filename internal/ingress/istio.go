package ingress

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// Istio is one control plane in a cluster.
type Istio struct {
	Namespace, Deployment string
	// Version is the tag of its image, or "unknown".
	Version string
}

// FindIstio returns the control planes of a cluster, by namespace and name. It
// is an error if there is none.
func FindIstio(ctx context.Context, client *kube.Client) ([]Istio, error) {
	list, err := client.Deployments(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: istio.IstiodSelector})
	if err != nil {
		return nil, fmt.Errorf("Istio cannot be looked for: %w", err)
	}
	var found []Istio
	for _, d := range list {
		i := Istio{Namespace: d.Namespace, Deployment: d.Name, Version: "unknown"}
		for _, c := range d.Spec.Template.Spec.Containers {
			image, _, _ := strings.Cut(c.Image, "@")
			if at := strings.LastIndex(image, ":"); c.Name == "discovery" && at > strings.LastIndex(image, "/") {
				i.Version = image[at+1:]
			}
		}
		found = append(found, i)
	}
	if len(found) == 0 {
		return nil, errors.New("there is no Istio in this cluster: no Deployment has the label " + istio.IstiodSelector + "; install it, or use the target kind, which does")
	}
	slices.SortFunc(found, func(a, b Istio) int {
		return strings.Compare(a.Namespace+"/"+a.Deployment, b.Namespace+"/"+b.Deployment)
	})
	return found, nil
}
