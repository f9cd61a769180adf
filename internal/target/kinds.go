package target

// The kinds of targets, by the names that --target and a scenario's targets have
// for them.
const (
	Sim         = "sim"
	KindCluster = "kind"
	Cluster     = "cluster"
	Gateway     = "gateway"
)

// Kinds are all kinds of targets, each with what it is.
var Kinds = []struct{ Name, Is string }{
	{Sim, "an in-process mesh that reads the same manifests; needs nothing"},
	{KindCluster, "a kind cluster with Istio, made where it is not there; needs Docker"},
	{Cluster, "an existing cluster with Istio, by kubeconfig"},
	{Gateway, "an existing gateway at --gateway-url; read-only"},
}

// KindNames are the names of all kinds.
func KindNames() []string {
	var names []string
	for _, each := range Kinds {
		names = append(names, each.Name)
	}
	return names
}
