package kindcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// ownNamespace holds what is splitcheck's own in a cluster.
const ownNamespace = "splitcheck-system"

// state is what the cluster itself records about how it was made. If it exists,
// the cluster was finished.
type state struct {
	Fingerprint string            `json:"fingerprint"`
	Words       string            `json:"words"`
	Ports       Ports             `json:"ports"`
	Versions    map[string]string `json:"versions"`
}

// differs says that a cluster was made with another configuration than the one of
// this fingerprint, and what to do; it is empty for the same.
func (s *state) differs(c Config, fingerprint string) string {
	if s.Fingerprint == fingerprint {
		return ""
	}
	return fmt.Sprintf("the cluster %q was made with another configuration (%s); make it again with `splitcheck cluster down --name %s`, or give this configuration another name", c.Name, s.Words, c.Name)
}

const stateKey = "state.json"

func (u *up) ownNamespace(ctx context.Context) error {
	err := bounded(ctx, "take Namespace "+ownNamespace, func(ctx context.Context) error {
		_, err := u.kube.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ownNamespace}}, metav1.CreateOptions{})
		return err
	})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (u *up) remember(ctx context.Context) error {
	u.state.Ports, u.state.Versions = u.cluster.Ports, u.cluster.Versions
	u.state.Words = fmt.Sprintf("%s, Istio %s of %s", u.Config.NodeImage, u.Config.Istio.Tag, u.Config.Istio.Hub)
	text, err := json.Marshal(u.state)
	if err != nil {
		return err
	}
	return bounded(ctx, "take ConfigMap "+ownNamespace+"/cluster", func(ctx context.Context) error {
		_, err := u.kube.ConfigMaps(ownNamespace).Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "cluster"}, Data: map[string]string{stateKey: string(text)},
		}, metav1.CreateOptions{})
		return err
	})
}

// recall returns what the cluster remembers, or nil for a cluster that was not
// made here or not finished.
func recall(ctx context.Context, client *kube.Client) (*state, error) {
	var kept *corev1.ConfigMap
	err := bounded(ctx, "give ConfigMap "+ownNamespace+"/cluster", func(ctx context.Context) (err error) {
		kept, err = client.ConfigMaps(ownNamespace).Get(ctx, "cluster")
		return err
	})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the cluster does not answer: %w", err)
	}
	var s state
	if err := json.Unmarshal([]byte(kept.Data[stateKey]), &s); err != nil {
		return nil, fmt.Errorf("ConfigMap %s/cluster, which says how the cluster was made, cannot be read: %w", ownNamespace, err)
	}
	return &s, nil
}

// A Wait is a wait with a limit, and with what it is for.
type Wait struct {
	What    string
	Longest time.Duration
}
