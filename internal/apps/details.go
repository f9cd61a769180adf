package apps

import (
	"fmt"
	"net/http"
	"strconv"
)

// newDetails answers what is printed inside a book's cover, the same for every
// book. The original can fetch it from a public service instead; this one does
// not leave the mesh.
func newDetails(Instance) (http.Handler, error) {
	first := detailsOf(0)
	invalid := prebuilt(http.StatusBadRequest, jsonType, `{"error":"please provide numeric product id"}`)
	mux := http.NewServeMux()
	mux.Handle("GET /health", prebuilt(http.StatusOK, jsonType, `{"status":"Details is healthy"}`))
	mux.Handle("GET /details/", invalid)
	mux.HandleFunc("GET /details/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		switch {
		case err != nil:
			invalid.ServeHTTP(w, r)
		case id == 0:
			first.ServeHTTP(w, r)
		default:
			detailsOf(id).ServeHTTP(w, r)
		}
	})
	return mux, nil
}

func detailsOf(id int64) *answer {
	return prebuilt(http.StatusOK, jsonType, fmt.Sprintf(
		`{"id":%d,"author":"William Shakespeare","year":1595,"type":"paperback","pages":200,`+
			`"publisher":"PublisherA","language":"English","ISBN-10":"1234567890","ISBN-13":"123-1234567890"}`, id))
}
