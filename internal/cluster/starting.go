package cluster

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// starting looks at the pods that are made for Gateways. coming
// says that one is still on its way, as when its image is pulled or a node is
// made for it: until it runs, nothing that is missing says anything. words are
// those of pods that are in trouble.
func (u *underway) starting(ctx context.Context, world []manifests.Object) (coming bool, troubles []split.Finding) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, o := range world {
		if !makesPods(o) {
			continue
		}
		list, err := u.cluster.kube.Pods(o.Namespace).List(ctx, metav1.ListOptions{LabelSelector: inventory.GatewayNameLabel + "=" + o.Name})
		if err != nil {
			continue
		}
		for i := range list {
			p := &list[i]
			if p.DeletionTimestamp != nil || kube.Ready(p) {
				continue
			}
			trouble, at := kube.Trouble(p)
			if trouble != nil {
				troubles = append(troubles, podTrouble(p.Name, o.String(), trouble))
			}
			coming = coming || at == kube.Hopeful || at == kube.Doubtful && !u.stuck(p.Namespace+"/"+p.Name)
		}
	}
	return coming, troubles
}

// stuck says that a pod has been in a state that mostly does not end by itself
// for longer than that is believed of it.
func (u *underway) stuck(pod string) bool {
	if u.bad == nil {
		u.bad = map[string]time.Time{}
	}
	first, known := u.bad[pod]
	if !known {
		u.bad[pod] = time.Now()
		return false
	}
	return time.Since(first) > crashPatience
}
