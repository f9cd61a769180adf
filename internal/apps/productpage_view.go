package apps

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
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
	details := s.askDetails(r.Context(), "0", header)
	for range s.flood {
		if r.Context().Err() != nil {
			return
		}
		s.askReviews(r.Context(), "0", header)
	}
	s.rendered.page(user, details, s.askReviews(r.Context(), "0", header)).ServeHTTP(w, r)
}

// A printer fills the page in, once for each thing it can say: it follows from
// the user and the two answers alone, and under load these are always the same
// few. Filling the template in takes several times as long as the calls do.
type printer struct {
	mu    sync.RWMutex
	pages map[string]*answer
}

// The bounds of what a printer keeps: pages, and bytes of what each is made from.
const (
	maxPrinted = 128
	maxSource  = 16 << 10
)

func (p *printer) page(user string, details, reviews finding) *answer {
	key := make([]byte, 0, 1024)
	key = fmt.Appendf(key, "%q %t %d ", user, details.found(), len(details.body))
	key = append(append(key, details.body...), reviews.body...)
	key = strconv.AppendBool(key, reviews.found())
	p.mu.RLock()
	page := p.pages[string(key)]
	p.mu.RUnlock()
	if page != nil {
		return page
	}
	page = render(http.StatusOK, "productpage.html", viewOf(user, details, reviews))
	if len(key) <= maxSource {
		p.mu.Lock()
		if p.pages == nil || len(p.pages) >= maxPrinted {
			p.pages = make(map[string]*answer)
		}
		p.pages[string(key)] = page
		p.mu.Unlock()
	}
	return page
}

func viewOf(user string, details, reviews finding) bookView {
	view := bookView{
		User: user, Title: bookTitle, Description: bookDescription,
		NoDetails: unavailable("details"), NoReviews: unavailable("reviews"),
	}
	if details.found() {
		view.Details = decode[detailsView](details.body)
	}
	if reviews.found() {
		view.Reviews = decode[reviewsView](reviews.body)
	}
	return view
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

// render fills a page in, all of it before its first byte goes out.
func render(status int, name string, view any) *answer {
	var page strings.Builder
	if err := templates.ExecuteTemplate(&page, name, view); err != nil {
		return prebuilt(http.StatusInternalServerError, plainType, "The page could not be made: "+err.Error()+"\n")
	}
	return prebuilt(status, htmlType, page.String())
}
