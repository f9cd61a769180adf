package apps

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pages are the files as they are, templates those that are filled in.
var (
	pages     = readPages()
	templates = template.Must(template.New("").
			Funcs(template.FuncMap{"initial": initial}).
			ParseFS(pageFiles, "pages/productpage.html", "pages/frontend.html"))
)

func readPages() map[string]string {
	files, _ := pageFiles.ReadDir("pages") // The folder is compiled in.
	contents := make(map[string]string, len(files))
	for _, file := range files {
		content, _ := pageFiles.ReadFile("pages/" + file.Name())
		contents[file.Name()] = string(content)
	}
	return contents
}

// The one book on sale.
const (
	bookTitle       = "The Comedy of Errors"
	bookDescription = `Two pairs of twins, parted at sea, are loose in the same town on the same day. ` +
		`<b>William Shakespeare</b> wrote it early, kept it short and spared nobody the slapstick: ` +
		`what each person knows depends on which twin answered. ` +
		`<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Wikipedia has the plot</a>.`
)

func productsJSON() string {
	description, _ := json.Marshal(bookDescription) // A string always has a JSON form.
	return `[{"id": 0, "title": "` + bookTitle + `", "descriptionHtml": ` + string(description) + `}]`
}

// A bookView is what the page shows. Details and Reviews are nil if they could
// not be had.
type bookView struct {
	User, Title string
	Description template.HTML
	Details     *detailsView
	Reviews     *reviewsView
	NoDetails   string
	NoReviews   string
}

type detailsView struct {
	ISBN10    string `json:"ISBN-10"`
	ISBN13    string `json:"ISBN-13"`
	Author    string `json:"author"`
	Publisher string `json:"publisher"`
	Type      string `json:"type"`
	Language  string `json:"language"`
	Year      int    `json:"year"`
	Pages     int    `json:"pages"`
}

type reviewsView struct {
	Pod     string       `json:"podname"`
	Cluster string       `json:"clustername"`
	Reviews []reviewView `json:"reviews"`
}

type reviewView struct {
	Reviewer string      `json:"reviewer"`
	Text     string      `json:"text"`
	Rating   *ratingView `json:"rating"`
}

type ratingView struct {
	Stars int    `json:"stars"`
	Color string `json:"color"`
	Error string `json:"error"`
}

// initial is what stands in a person's picture.
func initial(name string) string {
	for _, letter := range name {
		return strings.ToUpper(string(letter))
	}
	return "?"
}

// Filled and Empty are ranges for the template: five stars in all, however many
// a foreign ratings service gives.
func (r ratingView) Filled() []struct{} { return make([]struct{}, min(max(r.Stars, 0), 5)) }
func (r ratingView) Empty() []struct{}  { return make([]struct{}, 5-len(r.Filled())) }

// Paint is the colour the stars are drawn in: the named one in a shade that is
// easy on the eye, if it is one of the two that the versions use.
func (r ratingView) Paint() string {
	switch r.Color {
	case "red":
		return "#d92d20"
	case "black":
		return "#171412"
	}
	return r.Color
}

// page shows the book. Its status is 200 whatever failed behind it, as is the
// original's: what failed is said on the page.
func (s *productpage) page(w http.ResponseWriter, r *http.Request) {
	header, user := s.headers(r)
	view := bookView{
		User: user, Title: bookTitle, Description: bookDescription,
		NoDetails: unavailable("details"), NoReviews: unavailable("reviews"),
	}
	if found := s.askDetails(r.Context(), "0", header); found.found() {
		view.Details = decode[detailsView](found.body)
	}
	for range s.flood {
		if r.Context().Err() != nil {
			return
		}
		s.askReviews(r.Context(), "0", header)
	}
	if found := s.askReviews(r.Context(), "0", header); found.found() {
		view.Reviews = decode[reviewsView](found.body)
	}
	render(w, r, http.StatusOK, "productpage.html", view)
}

// decode reads an answer of another application; nil stands for one that has
// the wrong shape.
func decode[T any](body []byte) *T {
	view := new(T)
	if json.Unmarshal(body, view) != nil {
		return nil
	}
	return view
}

// render fills a page in. The whole page is made before its first byte goes
// out, so that its length is known.
func render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	buffer := bytes.NewBuffer(make([]byte, 0, 8<<10))
	if err := templates.ExecuteTemplate(buffer, name, view); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, r, status, htmlType, buffer.Bytes())
}
