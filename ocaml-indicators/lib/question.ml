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

let outputs (indicator : Registry.t) ~last results : Json.t =
  match (indicator.outputs, results) with
  | [ _ ], [ only ] -> series ~last only
  | names, several -> `Assoc (List.map2 (fun name values -> (name, series ~last values)) names several)

let flag name request =
  match field name request with
  | None | Some (`Bool false) -> false
  | Some (`Bool true) -> true
  | Some other -> fail "bad_request" "%s: expected true or false, found %s" name (kind other)

let last_of request =
  match field "last" request with
  | None -> None
  | Some (`Int n) when n >= 1 -> Some n
  | Some other -> fail "bad_request" "last: expected an integer from 1, found %s" (Json.to_string other)

let indicator_of request = indicator_named (text_of "indicator" request)

let parameters_of indicator request =
  let found = parameters indicator (object_of "params" request) in
  fun name -> List.assoc name found
