package liveroutes

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/splitcheck/splitcheck/reports/words"
)

// What changes between two observations is said, weights that only went and came
// back included: the generation tells.
func TestChangesWhileCounting(t *testing.T) {
	c := shopCluster(t, shop)
	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "split", Request: ask(t, "http://shop.example/")}
	w, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	over := c.Over(nil, q, w)
	first, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Empty(t, first.Changes)
	again, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Empty(t, again.Changes)

	routes := c.dynamic.Resource(resources["VirtualService"]).Namespace("shop")
	object, err := routes.Get(t.Context(), "cart", metav1.GetOptions{})
	require.NoError(t, err)
	object.SetGeneration(5)
	_, err = routes.Update(t.Context(), object, metav1.UpdateOptions{})
	require.NoError(t, err)
	changed, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"VirtualService shop/cart was changed (generation 3, now 5)"}, words.All(changed.Changes))

	rules := c.dynamic.Resource(resources["DestinationRule"]).Namespace("shop")
	require.NoError(t, rules.Delete(t.Context(), "cart", metav1.DeleteOptions{}))
	gone, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Contains(t, words.All(gone.Changes), "DestinationRule shop/cart was deleted")
}

// overSplit is a target over the shop's split, and the VirtualServices to change
// meanwhile.
func overSplit(t *testing.T) (*Target, dynamic.ResourceInterface) {
	t.Helper()
	c := shopCluster(t, shop)
	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "split", Request: ask(t, "http://shop.example/")}
	w, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	return c.Over(nil, q, w), c.dynamic.Resource(resources["VirtualService"]).Namespace("shop")
}

// An object that is deleted while counting is a change of the weights. As an
// error it would have been a witness that is silent, whose verdict stands.
func TestDeletedWhileCounting(t *testing.T) {
	over, routes := overSplit(t)
	before, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Empty(t, before.Changes)
	require.NoError(t, routes.Delete(t.Context(), "cart", metav1.DeleteOptions{}))
	after, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"VirtualService shop/cart was deleted"}, words.All(after.Changes))
	assert.Len(t, after.Routes, len(before.Routes), "the proxies are asked for what they have of it still")
}

// A proxy that does not answer keeps no change back.
func TestChangedWhileAProxyIsSilent(t *testing.T) {
	over, routes := overSplit(t)
	over.cluster.proxies = &envoys{failure: map[string]error{"gateway-1": errors.New("no answer")}}
	_, err := over.Observe(t.Context())
	require.ErrorContains(t, err, "no answer")
	require.NoError(t, routes.Delete(t.Context(), "cart", metav1.DeleteOptions{}))
	after, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"VirtualService shop/cart was deleted"}, words.All(after.Changes))
}

// What is made anew begins to count its generations at 1: only the UID tells it
// from the one that was there.
func TestDeletedAndMadeAnewWhileCounting(t *testing.T) {
	over, routes := overSplit(t)
	object, err := routes.Get(t.Context(), "cart", metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, routes.Delete(t.Context(), "cart", metav1.DeleteOptions{}))
	object.SetUID("another")
	_, err = routes.Create(t.Context(), object, metav1.CreateOptions{})
	require.NoError(t, err)
	after, err := over.Observe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"VirtualService shop/cart was deleted and created again"}, words.All(after.Changes))
}
