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
      let answer = Yojson.Safe.from_string (Protocol.answer (Yojson.Safe.to_string request)) in
      answer = `Assoc [ ("id", `Int 7); ("ok", list b.close) ])

let any_line =
  QCheck.Test.make ~count:1000 ~name:"any line gets one line as an answer" QCheck.(string_of_size Gen.(int_bound 60))
    (fun line -> not (String.contains (Protocol.answer line) '\n'))

let () =
  let rsi b = Momentum.rsi ~period:5 b.close in
  let k b = fst (Channel.stochastic ~k:5 ~d:3 ~smooth:3 ~high:b.high ~low:b.low ~close:b.close) in
  let adx b = let x, _, _ = Trend.adx ~period:5 ~high:b.high ~low:b.low ~close:b.close in x in
  exit
    (QCheck_base_runner.run_tests ~verbose:false
       [
         lengths; causal; pure; means_are_inside; bands_are_ordered; scale; round_trip; any_line;
         within "rsi from 0 to 100" 0.0 100.0 rsi;
         within "stochastic from 0 to 100" 0.0 100.0 k;
         within "adx from 0 to 100" 0.0 100.0 adx;
       ])
