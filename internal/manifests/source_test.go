package manifests

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSource(t *testing.T) {
	objects, found := Decode("r.yaml", []byte("kind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: {name: reviews, namespace: shop}\nspec:\n  hosts: [reviews]\n  http:\n  - route: [{destination: {host: reviews}}]\n"))
	assert.Empty(t, found)
	rule := objects[0].At("spec.http[0]")
	assert.Equal(t, "VirtualService shop/reviews, http[0]", rule.String())
	line, _ := objects[0].Position(rule.Path())
	assert.Equal(t, 7, line)
	whole := objects[0].At("")
	assert.Equal(t, "VirtualService shop/reviews", whole.String())
	line, _ = objects[0].Position(whole.Path())
	assert.Equal(t, objects[0].Line, line)
	assert.Empty(t, Source{}.String())
}
