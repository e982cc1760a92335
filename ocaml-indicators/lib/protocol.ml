open! Import
open Question

module Json = Yojson.Safe

let parse text =
  try Json.from_string text with Yojson.Json_error message -> fail "bad_json" "%s" message

let compute (indicator : Registry.t) parameter ~last data =
  let columns = columns indicator data in
  outputs indicator ~last (indicator.compute parameter (fun name -> List.assoc name columns))

let respond sessions request =
  match field "session" request with
  | Some session -> Sessions.respond sessions ~session request
  | None ->
      let indicator = indicator_of request in
      let parameter = parameters_of indicator request in
      (sessions, [ ("ok", compute indicator parameter ~last:(last_of request) (object_of "data" request)) ])

let answer sessions line =
  let id = ref `Null in
  let error code message = [ ("error", `Assoc [ ("code", `String code); ("message", `String message) ]) ] in
  let sessions, body =
    try
      let request = parse line in
      (match field "id" request with Some found -> id := found | None -> ());
      respond sessions request
    with
    | Failed (code, message) -> (sessions, error code message)
    | Stack_overflow | Out_of_memory -> (sessions, error "bad_request" "the request is too large")
  in
  (sessions, Json.to_string ~std:true (`Assoc (("id", !id) :: body)))

let one_shot ~indicator ~params ~last text =
  let value name text =
    match float_of_string_opt text with
    | Some x -> (name, `Float x)
    | None -> fail "bad_params" "%s: expected a number, found %s" name text
  in
  try
    let indicator = indicator_named indicator in
    let data =
      match parse text with
      | `Assoc columns -> columns
      | `List _ as closes -> [ ("close", closes) ]
      | other -> fail "bad_data" "expected an object of columns or an array of closes, found %s" (kind other)
    in
    let given = parameters indicator (List.map (fun (name, text) -> value name text) params) in
    Ok (Json.to_string ~std:true (compute indicator (fun name -> List.assoc name given) ~last data))
  with Failed (_, message) -> Error message

let listing () =
  let strings names = `List (List.map (fun name -> `String name) names) in
  let parameter (p : Registry.parameter) =
    `Assoc
      [
        ("name", `String p.name);
        ("minimum", `Float p.minimum);
        ("maximum", `Float p.maximum);
        ("default", match p.default with Some x -> `Float x | None -> `Null);
        ("integer", `Bool p.is_integer);
      ]
  in
  let line (i : Registry.t) =
    `Assoc
      [
        ("name", `String i.name);
        ("summary", `String i.summary);
        ("params", `List (List.map parameter i.parameters));
        ("inputs", strings i.inputs);
        ("outputs", strings i.outputs);
      ]
  in
  List.map (fun indicator -> Json.to_string ~std:true (line indicator)) Registry.all
