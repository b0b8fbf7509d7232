package api

import "orac/web/schema"

// Doc is a page of the documentation.
type Doc struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Text  string `json:"text" doc:"Markdown."`
}

// DocTitle is a page in the list of pages.
type DocTitle struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

func getDocs(c *Call, _ schema.None) ([]DocTitle, error) {
	list := []DocTitle{}
	for _, d := range c.Server.o.Docs {
		list = append(list, DocTitle{d.Name, d.Title})
	}
	return list, nil
}

type DocInput struct {
	Topic string `path:"topic" check:"max=64"`
}

func getDoc(c *Call, in DocInput) (Doc, error) {
	for _, d := range c.Server.o.Docs {
		if d.Name == in.Topic {
			return d, nil
		}
	}
	return Doc{}, schema.Fail(schema.NotFound, "There is no such page. GET /api/docs lists them.")
}
