package apps

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPrinterMixesNothingUp(t *testing.T) {
	p := &printer{}
	reviews := func(pod string) finding {
		return finding{http.StatusOK, fmt.Appendf(nil, `{"podname":%q,"clustername":"east","reviews":[{"reviewer":"R","text":"<b>"}]}`, pod)}
	}
	details := finding{http.StatusOK, []byte(`{"author":"A"}`)}
	lost := finding{status: http.StatusInternalServerError}.or("reviews")
	var all sync.WaitGroup
	for n := range 4 * maxPrinted {
		all.Go(func() {
			user, pod := fmt.Sprintf("user-%d", n%2), fmt.Sprintf("pod-%d", n%(2*maxPrinted))
			page := string(p.page(user, details, reviews(pod)).body)
			assert.Contains(t, page, "<b>"+user+"</b>")
			assert.Contains(t, page, pod+"\n")
			assert.Contains(t, page, "on cluster east")
			assert.Contains(t, page, "“&lt;b&gt;”", "what a review says is text")
			assert.Contains(t, string(p.page(user, details, lost).body), "Error fetching product reviews")
		})
	}
	all.Wait()
	assert.LessOrEqual(t, len(p.pages), maxPrinted)

	// The same bytes, once as an answer and once as an error.
	body := details.body
	assert.NotEqual(t, p.page("", finding{200, body}, finding{200, body}).body, p.page("", finding{500, body}, finding{200, body}).body)
	assert.NotEqual(t, p.page("", finding{200, body}, finding{200, body}).body, p.page("", finding{200, body}, finding{500, body}).body)

	kept := len(p.pages)
	p.page("", details, reviews(string(make([]byte, maxSource))))
	assert.Len(t, p.pages, kept, "a huge answer is not kept")
}
