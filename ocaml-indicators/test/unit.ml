(* Values from worked examples that others have published, and the corners of each definition. *)

open Indicators

let close_to = Alcotest.float 1e-9
let near digits = Alcotest.float (0.5 *. (10.0 ** float_of_int (-digits)))
let warm series = Array.to_list (Array.sub series (Series.start series) (Array.length series - Series.start series))

let check_series name tolerance expected series =
  Alcotest.(check int) (name ^ ": first value") (Array.length series - List.length expected) (Series.start series);
  Alcotest.(check (list tolerance)) name expected (warm series)

(* The closes of StockCharts' worked example of moving averages (ChartSchool, "Moving Averages"). *)
let chartschool =
  [| 22.2734; 22.194; 22.0847; 22.1741; 22.184; 22.1344; 22.2337; 22.4323; 22.2436; 22.2933; 22.1542; 22.3926;
     22.3816; 22.6109; 23.3558; 24.0519; 23.753; 23.8324; 23.9516; 23.6338 |]

let averages () =
  check_series "sma 10" (near 2)
    [ 22.22; 22.21; 22.23; 22.26; 22.31; 22.42; 22.61; 22.77; 22.91; 23.08; 23.21 ]
    (Averages.sma ~period:10 chartschool);
  check_series "ema 10" (near 2)
    [ 22.22; 22.21; 22.24; 22.27; 22.33; 22.52; 22.80; 22.97; 23.13; 23.28; 23.34 ]
    (Averages.ema ~period:10 chartschool);
  check_series "wma 3" close_to [ 14.0 /. 6.0; 20.0 /. 6.0 ] (Averages.wma ~period:3 [| 1.0; 2.0; 3.0; 4.0 |])

(* The closes of StockCharts' worked example of the RSI (ChartSchool, "Relative Strength Index"). *)
let rsi () =
  let x =
    [| 44.3389; 44.0902; 44.1497; 43.6124; 44.3278; 44.8264; 45.0955; 45.4245; 45.8433; 46.0826; 45.8931; 46.0328;
       45.6140; 46.2820; 46.2820; 46.0028; 46.0328; 46.4116; 46.2222; 45.6439; 46.2122 |]
  in
  check_series "rsi 14" (near 2) [ 70.53; 66.32; 66.55; 69.41; 66.36; 57.97; 62.93 ] (Momentum.rsi ~period:14 x);
  check_series "nothing moves" close_to [ 0.0; 0.0 ] (Momentum.rsi ~period:2 [| 5.0; 5.0; 5.0; 5.0 |]);
  check_series "only rises" close_to [ 100.0 ] (Momentum.rsi ~period:2 [| 1.0; 2.0; 3.0 |])

let macd () =
  let x = Array.init 40 (fun i -> float_of_int (i * i)) in
  let line, signal, histogram = Momentum.macd ~fast:12 ~slow:26 ~signal:9 x in
  List.iter (fun s -> Alcotest.(check int) "all three begin at slow + signal - 2" 33 (Series.start s)) [ line; signal; histogram ];
  let swapped, _, _ = Momentum.macd ~fast:26 ~slow:12 ~signal:9 x in
  Alcotest.(check (array close_to)) "a long fast period changes places" (Array.sub line 33 7) (Array.sub swapped 33 7);
  check_series "roc" close_to [ 100.0; 50.0 ] (Momentum.roc ~period:2 [| 2.0; 4.0; 4.0; 6.0 |]);
  check_series "roc of nothing" close_to [ 0.0 ] (Momentum.roc ~period:1 [| 0.0; 3.0 |])

let spread () =
  check_series "stddev" close_to [ 2.0 ] (Spread.stddev ~period:8 [| 2.0; 4.0; 4.0; 4.0; 5.0; 5.0; 7.0; 9.0 |]);
  let upper, middle, lower = Spread.bollinger ~period:2 ~deviations:2.0 [| 1.0; 3.0 |] in
  Alcotest.(check (list close_to)) "bollinger" [ 4.0; 2.0; 0.0 ] [ upper.(1); middle.(1); lower.(1) ];
  let high = [| 10.0; 12.0; 11.0 |] and low = [| 9.0; 11.0; 8.0 |] and close = [| 9.5; 11.5; 9.0 |] in
  check_series "true range reaches back to the close before" close_to [ 2.5; 3.5 ] (Spread.true_range ~high ~low ~close);
  check_series "atr" close_to [ 3.0 ] (Spread.atr ~period:2 ~high ~low ~close);
  let upper, middle, lower = Spread.donchian ~period:2 ~high ~low in
  Alcotest.(check (list close_to)) "donchian" [ 12.0; 10.0; 8.0 ] [ upper.(2); middle.(2); lower.(2) ];
  let upper, middle, lower = Spread.keltner ~period:2 ~multiplier:1.0 ~atr_period:2 ~high ~low ~close in
  let mean = 10.5 +. (2.0 /. 3.0 *. (9.0 -. 10.5)) in
  Alcotest.(check (list close_to)) "keltner" [ mean +. 3.0; mean; mean -. 3.0 ] [ upper.(2); middle.(2); lower.(2) ];
  Alcotest.(check int) "keltner begins together" 2 (Series.start middle)

let channel () =
  let high = [| 2.0; 3.0; 5.0; 4.0 |] and low = [| 1.0; 2.0; 3.0; 2.0 |] and close = [| 1.0; 3.0; 4.0; 3.0 |] in
  let k, d = Channel.stochastic ~k:2 ~d:2 ~smooth:1 ~high ~low ~close in
  check_series "stochastic k" close_to [ 200.0 /. 3.0; 100.0 /. 3.0 ] k;
  check_series "stochastic d" close_to [ (100.0 +. (200.0 /. 3.0)) /. 2.0; 50.0 ] d;
  let flat = [| 1.0; 1.0 |] in
  let k, _ = Channel.stochastic ~k:2 ~d:1 ~smooth:1 ~high:flat ~low:flat ~close:flat in
  check_series "no range" close_to [ 0.0 ] k;
  check_series "highest before" close_to [ 3.0; 5.0 ] (Channel.highest ~period:2 ~high);
  check_series "lowest before" close_to [ 1.0; 2.0 ] (Channel.lowest ~period:2 ~low);
  check_series "volume before" close_to [ 1.5; 2.5 ] (Channel.avg_volume ~period:2 ~volume:[| 1.0; 2.0; 3.0; 9.0 |])

let trend () =
  let rising = Array.init 8 (fun i -> float_of_int (10 + i)) in
  let low = Array.map (fun x -> x -. 1.0) rising in
  let adx, plus, minus = Trend.adx ~period:3 ~high:rising ~low ~close:rising in
  check_series "a pure trend" close_to [ 100.0; 100.0; 100.0 ] adx;
  Alcotest.(check bool) "upwards" true (plus.(5) > 0.0 && minus.(5) = 0.0);
  check_series "cci" close_to [ 0.5 /. (0.015 *. 0.5) ] (Trend.cci ~period:2 ~high:[| 1.0; 2.0 |] ~low:[| 1.0; 2.0 |] ~close:[| 1.0; 2.0 |]);
  check_series "cci of nothing" close_to [ 0.0 ] (Trend.cci ~period:2 ~high:[| 1.0; 1.0 |] ~low:[| 1.0; 1.0 |] ~close:[| 1.0; 1.0 |])

let flow () =
  let close = [| 10.0; 11.0; 11.0; 10.0 |] and volume = [| 5.0; 7.0; 9.0; 2.0 |] in
  check_series "obv" close_to [ 5.0; 12.0; 12.0; 10.0 ] (Flow.obv ~close ~volume);
  let timestamp = [| 86_280.0; 86_340.0; 86_400.0; 86_460.0 |] in
  let vwap period = Flow.vwap ~period ~timestamp ~high:close ~low:close ~close ~volume in
  check_series "vwap begins anew with the day" close_to [ 10.0; 127.0 /. 12.0; 11.0; 119.0 /. 11.0 ] (vwap 0);
  check_series "rolling vwap" close_to [ 127.0 /. 12.0; 11.0; 119.0 /. 11.0 ] (vwap 2);
  let nothing = Flow.vwap ~period:1 ~timestamp ~high:close ~low:close ~close ~volume:[| 0.0; 0.0; 0.0; 0.0 |] in
  Alcotest.(check int) "no volume, no value" 4 (Series.start nothing)

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "indicators"
    [
      ("averages", [ case "published and by hand" averages ]);
      ("momentum", [ case "rsi" rsi; case "macd and roc" macd ]);
      ("spread", [ case "bands and ranges" spread ]);
      ("channel", [ case "stochastic and what lay before" channel ]);
      ("trend", [ case "adx and cci" trend ]);
      ("flow", [ case "obv and vwap" flow ]);
    ]
