(* What must hold for every series, with the request as the way in, as a caller has it. *)

open Indicators

let price = QCheck.Gen.(map (fun x -> 50.0 +. (100.0 *. x)) (float_bound_inclusive 1.0))

type bars = { high : float array; low : float array; close : float array; volume : float array }

let bars =
  let open QCheck.Gen in
  let bar = quad price price price (float_bound_inclusive 10.0) in
  let assemble rows =
    let pick f = Array.of_list (List.map f rows) in
    {
      high = pick (fun (a, b, c, _) -> Float.max a (Float.max b c));
      low = pick (fun (a, b, c, _) -> Float.min a (Float.min b c));
      close = pick (fun (_, _, c, _) -> c);
      volume = pick (fun (_, _, _, v) -> v);
    }
  in
  QCheck.make (map assemble (list_size (int_range 1 120) bar))

let column b = function
  | "high" -> b.high
  | "low" -> b.low
  | "close" -> b.close
  | "volume" -> b.volume
  | "timestamp" -> Array.mapi (fun i _ -> 3600.0 *. float_of_int i) b.close
  | name -> failwith name

let parameter (i : Registry.t) name =
  let p = List.find (fun (p : Registry.parameter) -> p.name = name) i.parameters in
  match p.default with Some x -> x | None -> 5.0

let compute (i : Registry.t) b = i.compute (parameter i) (column b)
let same x y = (Float.is_nan x && Float.is_nan y) || x = y

let cut n b =
  let first x = Array.sub x 0 n in
  { high = first b.high; low = first b.low; close = first b.close; volume = first b.volume }

let holds name law = QCheck.Test.make ~count:200 ~name bars law
let for_all law b = List.for_all (fun i -> law i b) Registry.all

let lengths =
  holds "every output has the length of the input" (for_all (fun i b ->
      let outputs = compute i b in
      List.length outputs = List.length i.outputs
      && List.for_all (fun x -> Array.length x = Array.length b.close) outputs))

let causal =
  holds "what comes later changes nothing before" (for_all (fun i b ->
      let n = (Array.length b.close + 1) / 2 in
      List.for_all2
        (fun whole part -> Array.for_all2 same (Array.sub whole 0 n) part)
        (compute i b) (compute i (cut n b))))

let pure =
  holds "the same input gives the same output" (for_all (fun i b ->
      List.for_all2 (Array.for_all2 same) (compute i b) (compute i b)))

let answer line = snd (Protocol.answer Sessions.none line)

let within name low high pick =
  holds name (fun b ->
      Array.for_all (fun x -> Float.is_nan x || (x >= low -. 1e-9 && x <= high +. 1e-9)) (pick b))

let means_are_inside =
  holds "a mean lies between lowest and highest" (fun b ->
      let upper, _, lower = Spread.donchian ~period:5 ~high:b.close ~low:b.close in
      let inside mean = Array.for_all Fun.id (Array.mapi (fun i m ->
          Float.is_nan m || (m <= upper.(i) +. 1e-9 && m >= lower.(i) -. 1e-9)) mean)
      in
      inside (Averages.sma ~period:5 b.close) && inside (Averages.wma ~period:5 b.close))

let bands_are_ordered =
  holds "upper >= middle >= lower" (fun b ->
      let ordered (u, m, l) = Array.for_all Fun.id (Array.mapi (fun i x -> Float.is_nan x || (u.(i) >= x && x >= l.(i))) m) in
      ordered (Spread.bollinger ~period:5 ~deviations:2.0 b.close)
      && ordered (Spread.donchian ~period:5 ~high:b.high ~low:b.low)
      && ordered (Spread.keltner ~period:5 ~multiplier:2.0 ~atr_period:5 ~high:b.high ~low:b.low ~close:b.close))

let near x y = (Float.is_nan x && Float.is_nan y) || Float.abs (x -. y) <= 1e-7 *. Float.max 1.0 (Float.abs x)

let scale =
  holds "what has no unit does not change with the price's unit" (fun b ->
      let times k = Array.map (fun x -> k *. x) in
      let scaled = { b with high = times 8.0 b.high; low = times 8.0 b.low; close = times 8.0 b.close } in
      List.for_all (fun name ->
          let i = Option.get (Registry.find name) in
          List.for_all2 (Array.for_all2 near) (compute i b) (compute i scaled))
        [ "rsi"; "stochastic"; "adx"; "cci"; "roc" ])

let round_trip =
  holds "numbers survive the text of a request to the last digit" (fun b ->
      let list x = `List (List.map (fun v -> `Float v) (Array.to_list x)) in
      let request =
        `Assoc [ ("id", `Int 7); ("indicator", `String "sma"); ("params", `Assoc [ ("period", `Int 1) ]);
                 ("data", `Assoc [ ("close", list b.close) ]) ]
      in
      let answer = Yojson.Safe.from_string (answer (Yojson.Safe.to_string request)) in
      answer = `Assoc [ ("id", `Int 7); ("ok", list b.close) ])

(* Any parameters that the indicator takes, small enough for the series to become warm. *)
let any_parameters (i : Registry.t) =
  let open QCheck.Gen in
  let one (p : Registry.parameter) =
    let low = int_of_float p.minimum in
    map (fun x -> (p.name, float_of_int x)) (int_range low (low + 12))
  in
  flatten_l (List.map one i.parameters)

let any_session =
  let open QCheck.Gen in
  let chosen = oneofl Registry.all >>= fun i -> map (fun given -> (i, given)) (any_parameters i) in
  let print ((i : Registry.t), given) =
    i.name ^ String.concat "" (List.map (fun (name, x) -> Printf.sprintf " %s=%g" name x) given)
  in
  QCheck.(triple (make ~print chosen) bars (int_bound 1_000))

let columns (i : Registry.t) b = List.map (fun name -> (name, column b name)) i.inputs

let part ~first ~length columns = List.map (fun (name, x) -> (name, Array.sub x first length)) columns

let streaming =
  QCheck.Test.make ~count:1500 ~name:"bar by bar gives what the whole series gives, to the last digit" any_session
    (fun ((i, given), b, _) ->
      let parameter name = List.assoc name given in
      let _, found = Stream.feed (Stream.fresh i parameter) (columns i b) in
      List.for_all2 (Array.for_all2 same) (i.compute parameter (column b)) found)

let recalled =
  QCheck.Test.make ~count:1500 ~name:"what is remembered suffices to go on, through text and another process" any_session
    (fun ((i, given), b, cut) ->
      let length = Array.length b.close in
      let cut = cut mod (length + 1) in
      let json x = `List (List.map (fun v -> `Float v) (Array.to_list x)) in
      let request sessions fields =
        let sessions, line = Protocol.answer sessions (Yojson.Safe.to_string (`Assoc fields)) in
        (sessions, match Yojson.Safe.from_string line with `Assoc found -> found | _ -> [])
      in
      let data part = ("data", `Assoc (List.map (fun (name, x) -> (name, json x)) part)) in
      let whole = columns i b in
      let number = ("session", `Int 3) and indicator = ("indicator", `String i.name) in
      let params = ("params", `Assoc (List.map (fun (name, x) -> (name, `Float x)) given)) in
      let opened, first =
        request Sessions.none
          [ number; indicator; params; data (part ~first:0 ~length:cut whole); ("export", `Bool true) ]
      in
      let state = ("state", List.assoc "state" first) in
      let rest = data (part ~first:cut ~length:(length - cut) whole) in
      let _, here = request opened [ number; rest ] in
      let _, there = request Sessions.none [ number; indicator; params; state; rest ] in
      let all = answer (Yojson.Safe.to_string (`Assoc [ indicator; params; data whole; ("last", `Int (max 1 (length - cut))) ])) in
      here = there
      && (cut = length || List.assoc "ok" here = List.assoc "ok" (Yojson.Safe.Util.to_assoc (Yojson.Safe.from_string all))))

let any_line =
  QCheck.Test.make ~count:1000 ~name:"any line gets one line as an answer" QCheck.(string_of_size Gen.(int_bound 60))
    (fun line -> not (String.contains (answer line) '\n'))

let () =
  let rsi b = Momentum.rsi ~period:5 b.close in
  let k b = fst (Channel.stochastic ~k:5 ~d:3 ~smooth:3 ~high:b.high ~low:b.low ~close:b.close) in
  let adx b = let x, _, _ = Trend.adx ~period:5 ~high:b.high ~low:b.low ~close:b.close in x in
  exit
    (QCheck_base_runner.run_tests ~verbose:false
       [
         lengths; causal; pure; means_are_inside; bands_are_ordered; scale; round_trip; any_line; streaming; recalled;
         within "rsi from 0 to 100" 0.0 100.0 rsi;
         within "stochastic from 0 to 100" 0.0 100.0 k;
         within "adx from 0 to 100" 0.0 100.0 adx;
       ])
