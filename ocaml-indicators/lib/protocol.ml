open! Import

module Json = Yojson.Safe

exception Failed of string * string

let fail code format = Printf.ksprintf (fun message -> raise (Failed (code, message))) format

let kind = function
  | `Null -> "null"
  | `Bool _ -> "a boolean"
  | `Int _ | `Intlit _ | `Float _ -> "a number"
  | `String _ -> "a string"
  | `Assoc _ -> "an object"
  | `List _ -> "an array"
  | `Tuple _ | `Variant _ -> "no JSON"

let number ~code ~where (value : Json.t) =
  let checked x =
    if Float.is_finite x then x else fail code "%s: expected a finite number, found %f" where x
  in
  match value with
  | `Int x -> float_of_int x
  | `Float x -> checked x
  | `Intlit text -> checked (float_of_string text)
  | other -> fail code "%s: expected a number, found %s" where (kind other)

let field name = function
  | `Assoc fields -> List.assoc_opt name fields
  | other -> fail "bad_request" "expected an object, found %s" (kind (other : Json.t))

let text_of name request =
  match field name request with
  | Some (`String text) -> text
  | Some other -> fail "bad_request" "%s: expected a string, found %s" name (kind other)
  | None -> fail "bad_request" "%s: expected a string, found nothing" name

let object_of name request =
  match field name request with
  | Some (`Assoc fields) -> fields
  | None -> []
  | Some other -> fail "bad_request" "%s: expected an object, found %s" name (kind other)

let indicator_named name =
  match Registry.find name with
  | Some indicator -> indicator
  | None ->
      let names = List.map (fun (i : Registry.t) -> i.name) Registry.all in
      fail "unknown_indicator" "%s: no such indicator; there are %s" name (String.concat ", " names)

let checked_parameter indicator (parameter : Registry.parameter) value =
  let fits = value >= parameter.minimum && value <= parameter.maximum in
  if fits && ((not parameter.is_integer) || Float.is_integer value) then value
  else
    fail "bad_params" "%s: %s: expected %s from %g to %g, found %g" indicator parameter.name
      (if parameter.is_integer then "an integer" else "a number")
      parameter.minimum parameter.maximum value

let parameters (indicator : Registry.t) given =
  let known name = List.exists (fun (p : Registry.parameter) -> p.name = name) indicator.parameters in
  List.iter
    (fun (name, _) ->
      if not (known name) then fail "bad_params" "%s: %s: no such parameter" indicator.name name)
    given;
  List.map
    (fun (p : Registry.parameter) ->
      let value =
        match (List.assoc_opt p.name given, p.default) with
        | Some value, _ -> number ~code:"bad_params" ~where:(indicator.name ^ ": " ^ p.name) value
        | None, Some default -> default
        | None, None -> fail "bad_params" "%s: %s: expected a number, found nothing" indicator.name p.name
      in
      (p.name, checked_parameter indicator.name p value))
    indicator.parameters

let column name (value : Json.t) =
  match value with
  | `List values ->
      let read i value = number ~code:"bad_data" ~where:(Printf.sprintf "%s[%d]" name i) value in
      (* Not List.mapi: its recursion is as deep as the list is long. *)
      Array.mapi read (Array.of_list values)
  | other -> fail "bad_data" "%s: expected an array of numbers, found %s" name (kind other)

let columns (indicator : Registry.t) data =
  let read name =
    match List.assoc_opt name data with
    | Some value -> (name, column name value)
    | None -> fail "bad_data" "%s: expected the column %s, found none" indicator.name name
  in
  let found = List.map read indicator.inputs in
  let first, x = List.hd found in
  List.iter
    (fun (name, y) ->
      if Array.length y <> Array.length x then
        fail "bad_data" "%s has %d values, %s has %d" first (Array.length x) name (Array.length y))
    found;
  found

let series ~last values : Json.t =
  let length = Array.length values in
  let count = match last with Some n -> min n length | None -> length in
  let json i : Json.t =
    let value = values.(length - count + i) in
    if Series.is_absent value then `Null
    else if Float.is_finite value then `Float value
    else fail "overflow" "a value is too large for float64"
  in
  `List (List.init count json)

let compute indicator ~given ~last data =
  let parameters = parameters indicator given and columns = columns indicator data in
  let results =
    indicator.compute (fun name -> List.assoc name parameters) (fun name -> List.assoc name columns)
  in
  match (indicator.outputs, results) with
  | [ _ ], [ only ] -> series ~last only
  | outputs, several -> `Assoc (List.map2 (fun name values -> (name, series ~last values)) outputs several)

let last_of request =
  match field "last" request with
  | None -> None
  | Some (`Int n) when n >= 1 -> Some n
  | Some other -> fail "bad_request" "last: expected an integer from 1, found %s" (Json.to_string other)

let parse text =
  try Json.from_string text with Yojson.Json_error message -> fail "bad_json" "%s" message

let respond request =
  let indicator = indicator_named (text_of "indicator" request) in
  compute indicator ~given:(object_of "params" request) ~last:(last_of request) (object_of "data" request)

let answer line =
  let id = ref `Null in
  let body =
    try
      let request = parse line in
      (match field "id" request with Some found -> id := found | None -> ());
      ("ok", respond request)
    with
    | Failed (code, message) ->
        ("error", `Assoc [ ("code", `String code); ("message", `String message) ])
    | Stack_overflow | Out_of_memory ->
        ("error", `Assoc [ ("code", `String "bad_request"); ("message", `String "the request is too large") ])
  in
  Json.to_string ~std:true (`Assoc [ ("id", !id); body ])

let one_shot ~indicator ~params ~last text =
  let value name text =
    match float_of_string_opt text with
    | Some x -> (name, `Float x)
    | None -> fail "bad_params" "%s: expected a number, found %s" name text
  in
  try
    let indicator = indicator_named indicator in
    let given = List.map (fun (name, text) -> value name text) params in
    let data =
      match parse text with
      | `Assoc columns -> columns
      | `List _ as closes -> [ ("close", closes) ]
      | other -> fail "bad_data" "expected an object of columns or an array of closes, found %s" (kind other)
    in
    Ok (Json.to_string ~std:true (compute indicator ~given ~last data))
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
