package api

import (
	"encoding/json"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	swagger "github.com/swaggo/files/v2"

	"ordermill/api/v1"
)

// docsPage loads Swagger UI from this process: the documentation works where there is no other network.
const docsPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Ordermill API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`

// startDocs names no validator: the default one is on the internet.
const startDocs = `window.ui = SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});
`

const docsPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

// registerDocs serves /openapi.json, /asyncapi.json, /docs and /problems.
func (a *API) registerDocs() {
	description, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	if err != nil {
		panic(err) // what we registered describes itself
	}
	a.serve("/openapi.json", "application/json", description)
	a.serve("/asyncapi.json", "application/json", a.AsyncAPI)
	a.serve("/docs", "text/html; charset=utf-8", []byte(docsPage))
	a.serve("/docs/start.js", "text/javascript; charset=utf-8", []byte(startDocs))
	for name, media := range map[string]string{
		"swagger-ui.css": "text/css; charset=utf-8", "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
	} {
		content, err := fs.ReadFile(swagger.FS, name)
		if err != nil {
			panic(err) // embedded
		}
		a.serve("/docs/"+name, media, content)
	}
	a.engine.GET("/problems", func(c *gin.Context) { renderProblems(c, slices.Sorted(maps.Keys(kinds))...) })
	a.engine.GET("/problems/:code", func(c *gin.Context) {
		code := c.Param("code")
		if _, known := kinds[code]; !known {
			fail(v1.NotFound, "no problem has this code; /problems lists those that there are").write(c)
			return
		}
		renderProblems(c, code)
	})
}

func (a *API) serve(path, media string, content []byte) {
	a.engine.GET(path, func(c *gin.Context) {
		c.Header("Content-Security-Policy", docsPolicy)
		c.Header("X-Content-Type-Options", "nosniff")
		c.Data(http.StatusOK, media, content)
	})
}

var problemsPage = template.Must(template.New("problems").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Problems</title></head>
<body>
{{range .}}<h1><code>{{.Code}}</code></h1>
<p><b>{{.Title}}.</b> {{.Doc}}</p>
<p>HTTP status {{.Status}}. {{if .Retryable}}The same request may succeed later.{{else}}The same request will fail again.{{end}}</p>
{{end}}<p><a href="/problems">All problems</a> · <a href="/docs">API</a></p>
</body>
</html>
`))

func renderProblems(c *gin.Context, codes ...string) {
	type entry struct {
		Code, Title, Doc string
		Status           int
		Retryable        bool
	}
	entries := make([]entry, len(codes))
	for i, code := range codes {
		k := kinds[code]
		entries[i] = entry{code, k.title, k.doc, k.status, k.retryable}
	}
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Header("Content-Security-Policy", docsPolicy)
	_ = problemsPage.Execute(c.Writer, entries) // the reader may be gone
}
